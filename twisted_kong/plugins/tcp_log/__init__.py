"""tcp-log: sends an entry for each request over TCP."""
