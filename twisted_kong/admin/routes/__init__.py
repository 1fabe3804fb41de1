"""What is special of one kind of entity, or of no entity at all: one module each."""
