"""response-transformer: changes the answers of the Service."""
