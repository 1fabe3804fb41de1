"""The data plane: connections, exchanges, answers."""
