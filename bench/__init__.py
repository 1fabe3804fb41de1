"""Compares this node with other proxies: same machine, same session, alternating, CPU time per request."""
