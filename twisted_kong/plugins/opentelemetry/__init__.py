"""opentelemetry: sends traces and logs by OTLP."""
