"""Phases of a node without plugins, for tests of the proxy."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from twisted_kong.core.context import RequestContext
from twisted_kong.proxy.interfaces import NOTHING, Answering, Needs


class NoPhases:
    """A node without plugins."""

    def rewrite(self, ctx: RequestContext) -> Answering:
        """Nothing to do."""
        return None

    def needs(self, ctx: RequestContext) -> Needs:
        """Nothing."""
        return NOTHING

    def access(self, ctx: RequestContext, needs: Needs | None = None) -> Answering:
        """Nothing to do."""
        return None

    def response(self, ctx: RequestContext) -> Answering:
        """Nothing to do."""
        return None

    def header_filter(self, ctx: RequestContext) -> Deferred[None] | None:
        """Nothing to do."""
        return None

    def body_filter(self, ctx: RequestContext, chunk: bytes, last: bool) -> bytes:
        """The bytes as they are."""
        return chunk

    def log(self, ctx: RequestContext) -> None:
        """Nothing to do."""
