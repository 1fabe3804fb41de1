"""hmac-auth: tells a Consumer by a signature of the request."""
