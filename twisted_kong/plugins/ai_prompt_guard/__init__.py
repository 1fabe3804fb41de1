"""ai-prompt-guard: lets prompts pass by patterns."""
