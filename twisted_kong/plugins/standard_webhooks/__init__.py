"""standard-webhooks: checks the signature of webhooks."""
