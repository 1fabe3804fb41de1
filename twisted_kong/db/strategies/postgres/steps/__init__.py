"""The numbered steps of the schema's layout."""
