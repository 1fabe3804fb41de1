"""ip-restriction: lets clients in or keeps them out by their address."""
