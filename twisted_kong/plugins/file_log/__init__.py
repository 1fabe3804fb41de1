"""file-log: writes a line for each request to a file."""
