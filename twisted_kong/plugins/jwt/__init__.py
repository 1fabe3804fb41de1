"""jwt: tells a Consumer by a signed token."""
