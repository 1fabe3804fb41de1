"""Which Route a request belongs to (Kong's flavours ``traditional_compatible`` and ``traditional``)."""

from twisted_kong.core.router.regexes import BadRegex, Captures, compile_regex
from twisted_kong.core.router.router import RouteMatch, RouteQuery, Router

__all__ = ["BadRegex", "Captures", "RouteMatch", "RouteQuery", "Router", "compile_regex"]
