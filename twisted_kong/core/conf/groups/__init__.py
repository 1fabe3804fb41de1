"""The properties of kong.conf as data, one file per group."""
