"""zipkin: sends traces to Zipkin."""
