"""syslog: writes an entry for each request to the log of the system."""
