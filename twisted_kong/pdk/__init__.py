"""What a plugin may touch of the gateway."""
