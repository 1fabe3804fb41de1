"""The strategy of a cluster: one PostgreSQL server, perhaps with a replica to read from."""
