"""The plugin ``hello``."""
