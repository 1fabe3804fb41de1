"""kong.conf: its properties as data, its grammar, and the frozen value that a configuration comes to."""
