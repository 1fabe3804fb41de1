"""pre-function: runs pieces of Lua before the other plugins."""
