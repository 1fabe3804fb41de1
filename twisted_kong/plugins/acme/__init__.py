"""acme: gets certificates from an authority that speaks ACME."""
