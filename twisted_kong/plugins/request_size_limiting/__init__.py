"""request-size-limiting: bounds the size of a body."""
