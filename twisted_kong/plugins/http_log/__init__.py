"""http-log: sends an entry for each request to an HTTP server."""
