"""Routes written as expressions (``router_flavor = expressions``): the language, and the router that runs it.

Imported only where that flavour is used, for the parser brings a library along that nobody else needs.
"""
