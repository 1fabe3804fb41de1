"""ai-prompt-decorator: puts messages before and after a prompt."""
