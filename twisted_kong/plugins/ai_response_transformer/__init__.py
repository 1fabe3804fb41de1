"""ai-response-transformer: has a language model change answers."""
