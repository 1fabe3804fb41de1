"""The OpenAPI document of the Admin API, made from the schemas, and the page that shows it."""
