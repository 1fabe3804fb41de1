"""rate-limiting: bounds how many requests a period may see."""
