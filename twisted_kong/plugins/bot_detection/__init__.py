"""bot-detection: keeps programs out by what they call themselves."""
