"""udp-log: sends an entry for each request in a datagram."""
