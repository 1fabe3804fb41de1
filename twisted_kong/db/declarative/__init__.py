"""A document against what a store holds: which of its entities are there, and what it changes."""
