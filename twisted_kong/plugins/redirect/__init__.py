"""redirect: sends clients to another place."""
