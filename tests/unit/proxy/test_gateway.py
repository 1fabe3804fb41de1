"""What connections share: who is connected, and how it ends."""

from __future__ import annotations

from tests.kit.deferreds import outcome, success_of
from tests.kit.proxies import World, get, lose


def test_draining_ends_when_the_last_client_has_gone() -> None:
    """Nothing left to wait for is an end at once; the time limit leaves no timer behind."""
    assert success_of(World().gateway.drain(World().reactor, 5.0)) is None
    world = World()
    client, _ = world.client(get())
    done = world.gateway.drain(world.reactor, 5.0)
    assert not done.called
    lose(client)
    assert outcome(done) == [None]
    assert world.reactor.getDelayedCalls() == []


def test_draining_is_bounded() -> None:
    """Whoever has not gone in time is cut off."""
    world = World()
    _, wire = world.client(get())
    world.gateway.drain(world.reactor, 5.0)
    world.advance(4.9)
    assert not wire.aborted
    world.advance(0.2)
    assert wire.aborted
