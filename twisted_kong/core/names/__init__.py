"""How names become addresses: what is asked, in which order, and what the answers mean."""
