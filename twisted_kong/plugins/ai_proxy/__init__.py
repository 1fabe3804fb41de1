"""ai-proxy: asks the language models of several providers in one form."""
