"""correlation-id: marks a request with an id that follows it to the Service and back."""
