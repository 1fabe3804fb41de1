"""From a Service's host to a peer."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from tests.kit.deferreds import failure_of, success_of
from twisted_kong.node.balancing import Balancing, NoPeer, Peer, parse_target
from twisted_kong.node.dns import NameFailure

ADDRESSES = {"one.test": ("10.1.0.1",), "two.test": ("10.2.0.1", "10.2.0.2"), "none.test": ()}


def resolve(host: str) -> tuple[str, ...]:
    """What a host leads to."""
    return ADDRESSES[host]


def upstream(**changes: Any) -> dict[str, Any]:
    """An Upstream."""
    return {"id": "u1", "name": "up", "host_header": None, **changes}


def target(id: str, address: str, weight: int | None = 100, **changes: Any) -> dict[str, Any]:
    """A Target of it."""
    row = {"id": id, "upstream": {"id": "u1"}, "target": address, "weight": weight, "created_at": 1}
    return {**row, **changes}


def pick(balancing: Balancing, host: str = "up", tried: list[Peer] | None = None) -> Peer:
    """A peer that is known at once."""
    peer = balancing.pick(host, 80, tried or [])
    assert isinstance(peer, Peer)
    return peer


def test_an_address_is_its_own_peer() -> None:
    """Always the same object, and known to be fixed."""
    balancing = Balancing(resolve)
    peer = pick(balancing, "10.0.0.1")
    assert (peer.ip, peer.port, peer.name, peer.key) == ("10.0.0.1", 80, "10.0.0.1", ("10.0.0.1", 80))
    assert balancing.fixed("10.0.0.1", 80) is peer
    assert balancing.fixed("one.test", 80) is None


def test_a_name_takes_turns_over_its_addresses() -> None:
    """Those tried already come last."""
    balancing = Balancing(resolve)
    seen = Counter(pick(balancing, "two.test").ip for _ in range(4))
    assert seen == {"10.2.0.1": 2, "10.2.0.2": 2}
    first = pick(balancing, "two.test")
    assert pick(balancing, "two.test", [first]).ip != first.ip
    assert pick(balancing, "two.test").name == "two.test"
    with pytest.raises(NameFailure):
        pick(balancing, "none.test")


def test_a_name_may_take_its_time() -> None:
    """Then so does the peer, or the failure."""
    later: Deferred[tuple[str, ...]] = Deferred()
    peer: Any = Balancing(lambda host: later).pick("late.test", 80)
    later.callback(("10.0.0.1",))
    assert success_of(peer).ip == "10.0.0.1"
    never: Deferred[tuple[str, ...]] = Deferred()
    failed: Any = Balancing(lambda host: never).pick("late.test", 80)
    never.errback(NameFailure("late.test"))
    failure_of(failed, NameFailure)


def test_where_a_host_leads_to() -> None:
    """All its addresses, at once or later, and a failure where there are none."""
    balancing = Balancing(resolve)
    assert success_of(balancing.addresses("two.test")) == ("10.2.0.1", "10.2.0.2")
    failure_of(balancing.addresses("none.test"), NameFailure)
    later: Deferred[tuple[str, ...]] = Deferred()
    asked = Deferred.fromCoroutine(Balancing(lambda host: later).addresses("late.test"))
    later.callback(("10.0.0.1",))
    assert success_of(asked) == ("10.0.0.1",)


def test_an_upstream_spreads_over_its_targets() -> None:
    """By weight; 0 gets nothing, none is 100; host_header and the Target's own port go along."""
    balancing = Balancing(resolve)
    balancing.put_target(target("t1", "10.0.0.1:81", None))
    balancing.put_upstream(upstream(host_header="custom"))
    balancing.put_target(target("t2", "one.test:82", 300))
    balancing.put_target(target("t3", "10.0.0.3:83", 0))
    peers = [pick(balancing) for _ in range(8)]
    assert Counter((peer.ip, peer.port) for peer in peers) == {("10.0.0.1", 81): 2, ("10.1.0.1", 82): 6}
    assert {peer.host_header for peer in peers} == {"custom"}
    assert {peer.name for peer in peers} == {"10.0.0.1", "one.test"}


def test_rows_come_and_go() -> None:
    """Each change counts from the next pick on."""
    balancing = Balancing(resolve)
    balancing.put_upstream(upstream())
    with pytest.raises(NoPeer):
        pick(balancing)
    balancing.put_target(target("t1", "10.0.0.1:80"))
    assert pick(balancing).ip == "10.0.0.1"
    balancing.put_target(target("t1", "10.0.0.2:80"))
    assert {pick(balancing).ip for _ in range(3)} == {"10.0.0.2"}
    balancing.remove_target("t1")
    with pytest.raises(NoPeer):
        pick(balancing)
    balancing.put_upstream(upstream(name="renamed"))
    ADDRESSES["up"] = ("10.9.9.9",)
    assert pick(balancing).ip == "10.9.9.9"
    with pytest.raises(NoPeer):
        pick(balancing, "renamed")
    balancing.remove_upstream("u1")
    ADDRESSES["renamed"] = ("10.9.9.8",)
    assert pick(balancing, "renamed").ip == "10.9.9.8"
    balancing.replace([upstream()], [target("t1", "10.0.0.5:80")])
    assert pick(balancing).ip == "10.0.0.5"


def test_the_newest_row_of_a_target_counts() -> None:
    """Two rows of one address are one Target."""
    balancing = Balancing(resolve)
    balancing.put_upstream(upstream())
    balancing.put_target(target("t2", "10.0.0.1:80", 0, created_at=2))
    balancing.put_target(target("t1", "10.0.0.1:80", 100, created_at=1))
    with pytest.raises(NoPeer):
        pick(balancing)


def test_a_failed_target_is_avoided() -> None:
    """While another is left."""
    balancing = Balancing(resolve)
    balancing.put_upstream(upstream())
    balancing.put_target(target("t1", "10.0.0.1:80"))
    balancing.put_target(target("t2", "10.0.0.2:80"))
    first = pick(balancing)
    assert {pick(balancing, tried=[first]).ip for _ in range(4)} == {"10.0.0.1", "10.0.0.2"} - {first.ip}


def test_targets_as_they_are_written() -> None:
    """Kong's default port is 8000."""
    assert parse_target("a.test:80") == ("a.test", 80)
    assert parse_target("a.test") == ("a.test", 8000)
    assert parse_target("[::1]:80") == ("::1", 80)
    assert parse_target("::1") == ("::1", 8000)
    assert parse_target("[::1]") == ("::1", 8000)
