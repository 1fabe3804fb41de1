"""A node without plugins, and what needs mean."""

from __future__ import annotations

from tests.kit.proxies import Plugged
from twisted_kong.core.context import RequestContext
from twisted_kong.proxy.interfaces import NOTHING, NoPhases, has_work


def test_no_phases_do_nothing() -> None:
    """Every phase lets the request pass unchanged."""
    phases = NoPhases()
    ctx = RequestContext()
    assert phases.rewrite(ctx) is None
    assert phases.access(ctx) is None
    assert phases.response(ctx) is None
    assert phases.header_filter(ctx) is None
    assert phases.body_filter(ctx, b"x", True) == b"x"
    phases.log(ctx)
    assert phases.needs(ctx) is NOTHING


def test_any_phase_is_work() -> None:
    """One phase with a plugin is enough."""
    assert not has_work(NOTHING)
    assert has_work(Plugged())
