"""The last-good snapshot: a copy of the database on this machine, from which a node can start without it."""
