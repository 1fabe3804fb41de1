"""loggly: sends an entry for each request to Loggly."""
