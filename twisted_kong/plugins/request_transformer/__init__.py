"""request-transformer: changes requests before the Service sees them."""
