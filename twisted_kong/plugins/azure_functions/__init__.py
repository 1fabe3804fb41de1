"""azure-functions: calls a function of Azure in place of the Service."""
