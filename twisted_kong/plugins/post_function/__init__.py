"""post-function: runs pieces of Lua after the other plugins."""
