"""The numbered steps of the file's layout."""
