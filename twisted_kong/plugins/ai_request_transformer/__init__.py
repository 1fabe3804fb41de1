"""ai-request-transformer: has a language model change requests."""
