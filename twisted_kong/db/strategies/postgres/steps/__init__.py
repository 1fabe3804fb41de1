"""The steps of the PostgreSQL layout, as SQL files."""
