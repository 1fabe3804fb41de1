"""prometheus: measures requests for Prometheus."""
