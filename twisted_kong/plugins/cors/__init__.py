"""cors: tells browsers which other sites may call."""
