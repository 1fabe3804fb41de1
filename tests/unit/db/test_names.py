"""Addresses of servers."""

from __future__ import annotations

from typing import Any

from tests.kit.deferreds import failure_of, no_result, success_of
from tests.kit.postgres_driver import FakeNames
from twisted_kong.db.names import addresses_of


def test_an_address_is_its_own() -> None:
    """No resolver is asked about an address."""
    names = FakeNames({})
    assert success_of(addresses_of("10.0.0.1", names)) == ("10.0.0.1",)
    assert success_of(addresses_of("::1", names)) == ("::1",)
    assert names.receivers == []


def test_a_name_has_each_of_its_addresses_once() -> None:
    """In the resolver's order; none is no error here."""
    names = FakeNames({"db": ["10.0.0.2", "10.0.0.1", "10.0.0.2"]})
    assert success_of(addresses_of("db", names)) == ("10.0.0.2", "10.0.0.1")
    assert success_of(addresses_of("other", names)) == ()


def test_nobody_waits_any_longer() -> None:
    """An answer that comes after the wait was given up disturbs nobody."""
    names = FakeNames({})
    names.is_silent = True
    lookup = addresses_of("db", names)
    no_result(lookup)
    lookup.addErrback(lambda _: None)
    lookup.cancel()
    names.receivers[0].resolutionComplete()


def test_a_resolver_that_raises_fails_the_lookup() -> None:
    """Whoever asks meets one kind of failure."""

    class Broken:
        def resolveHostName(self, receiver: Any, host: str) -> None:  # noqa: N802 - Twisted's name
            raise ValueError(host)

    failure_of(addresses_of("db", Broken()), ValueError)
