"""Which Route a request belongs to, by Kong's ``router_flavor``."""

from twisted_kong.core.router.making import AnyRouter, make_router
from twisted_kong.core.router.memory import RouteMatch
from twisted_kong.core.router.query import RouteQuery
from twisted_kong.core.router.regexes import BadRegex, Captures, compile_regex
from twisted_kong.core.router.router import Router

__all__ = [
    "AnyRouter",
    "BadRegex",
    "Captures",
    "RouteMatch",
    "RouteQuery",
    "Router",
    "compile_regex",
    "make_router",
]
