"""Which Target of an Upstream serves a request."""
