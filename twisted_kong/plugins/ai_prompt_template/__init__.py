"""ai-prompt-template: fills prompts into templates."""
