"""response-ratelimiting: bounds what a period may use up by what the Service says of its answers."""
