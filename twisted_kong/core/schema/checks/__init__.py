"""The functions that entity definitions name: checks of single values and of whole records, by subject."""
