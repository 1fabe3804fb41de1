"""key-auth: tells a Consumer by the key that a request carries."""
