"""The embedded strategy: one SQLite file, which several processes may share."""
