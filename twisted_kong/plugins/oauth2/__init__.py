"""oauth2: hands out access tokens and tells Consumers by them."""
