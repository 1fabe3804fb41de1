"""From a Service's host to a peer."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from tests.kit.deferreds import failure_of, success_of
from tests.kit.pdk import a_context
from twisted_kong.core.balancer.outcomes import Failure, Outcome
from twisted_kong.node.balancing import Balancing, NoPeer, Peer
from twisted_kong.node.dns import NameFailure

ADDRESSES = {"one.test": ("10.1.0.1",), "two.test": ("10.2.0.1", "10.2.0.2"), "none.test": ()}
HASHING = {"algorithm": "consistent-hashing", "hash_on": "header", "hash_on_header": "x-key"}


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


def peers_of(balancing: Balancing, upstream_id: str) -> list[Peer]:
    """The addresses of all Targets of an Upstream."""
    return [peer for _, peers in balancing.targets_of(upstream_id) for peer in peers]


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


class Judge:
    """Knows who is down, and remembers what it was told."""

    def __init__(self, *down: str) -> None:
        self.down = set(down)
        self.told: list[tuple[str, Outcome]] = []

    def available(self, peer: Peer) -> bool:
        """Who is not down."""
        return peer.ip not in self.down

    def report(self, peer: Peer, outcome: Outcome) -> None:
        """Remember it."""
        self.told.append((peer.ip, outcome))


def of_three(**row: Any) -> Balancing:
    """An Upstream of three Targets."""
    balancing = Balancing(resolve, lambda: 100.0, lambda: "fresh")
    balancing.put_upstream(upstream(**row))
    for n in (1, 2, 3):
        balancing.put_target(target(f"t{n}", f"10.0.0.{n}:80"))
    return balancing


def test_health_decides_who_is_asked() -> None:
    """Who is down gets nothing, not even a retry; with all down there is nobody."""
    balancing = of_three()
    balancing.health = judge = Judge("10.0.0.1")
    assert {pick(balancing).ip for _ in range(6)} == {"10.0.0.2", "10.0.0.3"}
    tried = [pick(balancing)]
    tried.append(pick(balancing, tried=tried))
    assert {peer.ip for peer in tried} == {"10.0.0.2", "10.0.0.3"}
    assert pick(balancing, tried=tried) in tried
    judge.down |= {"10.0.0.2", "10.0.0.3"}
    with pytest.raises(NoPeer):
        pick(balancing)


def test_health_is_told_what_came_of_each_try() -> None:
    """But not what tells nothing of the Target, nor of Services without Targets."""
    balancing = of_three()
    peer = pick(balancing)
    balancing.ended(peer, 200, 0.1)
    balancing.health = judge = Judge()
    for outcome in (200, Failure.CONNECT, None, Failure.TIMEOUT, 503):
        balancing.started(peer)
        balancing.ended(peer, outcome, 0.1)
    balancing.ended(pick(balancing, "10.0.0.9"), 200, 0.1)
    assert judge.told == [(peer.ip, outcome) for outcome in (200, Failure.CONNECT, Failure.TIMEOUT, 503)]


def test_requests_in_flight_count() -> None:
    """least-connections goes by them."""
    balancing = of_three(algorithm="least-connections")
    busy = pick(balancing)
    balancing.started(busy)
    assert busy not in {pick(balancing) for _ in range(9)}
    balancing.ended(busy, None, 0.1)
    assert busy in {pick(balancing) for _ in range(9)}


def test_answers_that_come_fast_count() -> None:
    """latency goes by them."""
    balancing = of_three(algorithm="latency")
    peers = peers_of(balancing, "u1")
    for peer, took in zip(peers, (0.3, 0.1, 0.2), strict=True):
        balancing.ended(peer, 200, took)
    assert {pick(balancing) for _ in range(3)} == {peers[1]}


def test_two_nodes_choose_alike() -> None:
    """In whatever order they heard of the Targets, and whatever they have balanced before."""
    one, two = of_three(**HASHING), of_three(**HASHING)
    two.remove_target("t1")
    for n in range(50):
        two.pick("up", 80, (), a_context(headers={"X-Key": str(n)}))
    two.put_target(target("t1", "10.0.0.1:80"))
    for n in range(50):
        ctx = a_context(headers={"X-Key": str(n)})
        peers: list[Any] = [each.pick("up", 80, (), ctx) for each in (one, two)]
        assert peers[0].key == peers[1].key


def test_a_retry_of_a_hashed_request() -> None:
    """It goes to another Target, and always to the same one for a key."""
    balancing = of_three(**HASHING)
    for n in range(20):
        ctx = a_context(headers={"X-Key": str(n)})
        first: Any = balancing.pick("up", 80, (), ctx)
        second: Any = balancing.pick("up", 80, [first], ctx)
        assert second is not first
        assert balancing.pick("up", 80, [first], ctx) is second


def test_names_of_targets_may_take_their_time() -> None:
    """A request waits for them where there is nobody else to ask."""
    later: Deferred[tuple[str, ...]] = Deferred()
    balancing = Balancing(lambda host: later)
    balancing.put_upstream(upstream())
    balancing.put_target(target("t1", "late.test:80"))
    picked: Any = balancing.pick("up", 80)
    later.callback(("10.0.0.1",))
    assert success_of(picked).ip == "10.0.0.1"
    nowhere: Deferred[tuple[str, ...]] = Deferred()
    balancing = Balancing(lambda host: nowhere)
    balancing.put_upstream(upstream())
    balancing.put_target(target("t1", "late.test:80"))
    failed: Any = balancing.pick("up", 80)
    nowhere.errback(NameFailure("late.test"))
    failure_of(failed, NoPeer)


def test_whoever_watches_is_told() -> None:
    """Of Upstreams and Targets that come, change and go; and can see them."""
    balancing = Balancing(resolve)
    told: list[str] = []
    balancing.watchers.append(told.append)
    balancing.put_upstream(upstream())
    balancing.put_target(target("t1", "10.0.0.1:80", 5))
    balancing.put_target(target("t1", "10.0.0.1:80", 5))
    assert told == ["u1", "u1"]
    assert [(peer.ip, peer.weight) for peer in peers_of(balancing, "u1")] == [("10.0.0.1", 5)]
    assert balancing.upstream_row("u1") == upstream()
    balancing.remove_upstream("u1")
    assert told == ["u1"] * 3
    assert (peers_of(balancing, "u1"), balancing.upstream_row("u1")) == ([], None)
    balancing.remove_target("t1")


def test_targets_are_told_with_their_addresses() -> None:
    """By host and port, as their health is judged."""
    balancing = Balancing(lambda host: ("10.0.0.8", "10.0.0.9"))
    balancing.put_upstream(upstream())
    balancing.put_target(target("t1", "10.0.0.1:80", 5))
    balancing.put_target(target("t2", "h.test:81"))
    told = {place: [peer.ip for peer in peers] for place, peers in balancing.targets_of("u1")}
    assert told == {("10.0.0.1", 80): ["10.0.0.1"], ("h.test", 81): ["10.0.0.8", "10.0.0.9"]}
    assert balancing.targets_of("u2") == []


def test_a_target_moves_without_being_removed_first() -> None:
    """It is of one Upstream at a time."""
    balancing = Balancing(resolve)
    for id in ("u1", "u2"):
        balancing.put_upstream(upstream(id=id, name=id))
    balancing.put_target(target("t1", "10.0.0.1:80"))
    balancing.put_target(target("t1", "10.0.0.1:80", upstream={"id": "u2"}))
    assert (peers_of(balancing, "u1"), len(peers_of(balancing, "u2"))) == ([], 1)


def test_what_is_known_is_told_without_looking_anything_up() -> None:
    """An Upstream with its addresses, a host that is an address, or nothing."""

    def refuse(host: str) -> tuple[str, ...]:
        raise AssertionError(host)

    balancing = Balancing(refuse)
    balancing.put_upstream(upstream())
    balancing.put_target(target("t1", "10.0.0.1:80"))
    balancing.put_target(target("t2", "name.test:80"))
    row, peers = balancing.known("up", 80)
    assert (row, [peer.ip for peer in peers]) == (upstream(), ["10.0.0.1"])
    assert balancing.known("10.0.0.9", 81) == (None, [balancing.fixed("10.0.0.9", 81)])
    assert balancing.known("name.test", 80) == (None, [])
