"""The schema engine: entities are data, everything else is derived from them."""
