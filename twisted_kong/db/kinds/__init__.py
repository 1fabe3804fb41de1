"""Kinds of entities whose writes have rules that no schema can state, because they look at other entities."""
