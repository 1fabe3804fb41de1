"""The descriptions of the endpoints that do not follow from the schemas alone: a module for each topic."""
