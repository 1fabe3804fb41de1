"""The core entities as data, one module a kind."""
