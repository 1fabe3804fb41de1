"""HTTP/1.1 over bytes, without I/O: strict framing of requests and responses (RFC 9112)."""
