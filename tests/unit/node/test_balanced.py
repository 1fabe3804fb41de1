"""One Upstream of a node."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from tests.kit.deferreds import no_result, success_of
from twisted_kong.node.balanced import Balanced
from twisted_kong.node.dns import NameFailure


class Names:
    """A resolver by hand."""

    def __init__(self, **known: Any) -> None:
        self.known = known
        self.asked: list[str] = []

    def __call__(self, host: str) -> Any:
        self.asked.append(host)
        found = self.known[host.partition(".")[0]]
        if isinstance(found, Exception):
            raise found
        return found


class Made:
    """An Upstream and what it tells."""

    def __init__(self, **known: Any) -> None:
        self.names = Names(**known)
        self.told = 0
        self.upstream = Balanced("u", self.names, lambda: "c", self._tell)

    def _tell(self, id: str) -> None:
        assert id == "u"
        self.told += 1

    def target(self, id: str, target: str, weight: int = 100, created_at: int = 1) -> None:
        """A Target is put."""
        self.upstream.put_target({"id": id, "target": target, "weight": weight, "created_at": created_at})

    @property
    def shares(self) -> dict[str, int]:
        """The addresses and their weights."""
        return {f"{peer.ip}:{peer.port}": peer.weight for peer in self.upstream.peers()}


def test_an_address_that_stays_is_the_same_peer() -> None:
    """Whatever becomes of its weight, its Upstream and other Targets."""
    made = Made()
    made.upstream.put({"id": "u", "host_header": None})
    made.target("1", "10.0.0.1:80")
    (peer,) = made.upstream.peers()
    made.target("1", "10.0.0.1:80", 7)
    made.target("2", "10.0.0.2:80")
    changes = {"host_header": "h", "client_certificate": {"id": "c"}, "algorithm": "least-connections"}
    made.upstream.put({"id": "u", **changes})
    assert next(made.upstream.peers()) is peer
    assert (peer.weight, peer.host_header, peer.client_certificate) == (7, "h", {"id": "c"})
    assert {made.upstream.algorithm.pick() for _ in range(2)} <= set(made.upstream.peers())
    assert made.upstream.target_ids() == ("1", "2")


def test_an_algorithm_stays_unless_it_is_another() -> None:
    """What it has learnt is kept over other changes of the Upstream."""
    made = Made()
    made.upstream.put({"id": "u", "algorithm": "consistent-hashing", "slots": 100})
    first = made.upstream.algorithm
    made.upstream.put({"id": "u", "algorithm": "consistent-hashing", "slots": 100, "tags": ["a"]})
    assert made.upstream.algorithm is first
    assert made.upstream.keys is not None
    made.upstream.put({"id": "u", "algorithm": "consistent-hashing", "slots": 200})
    assert made.upstream.algorithm is not first
    made.upstream.put({"id": "u", "algorithm": "latency"})
    assert made.upstream.keys is None


def test_a_name_has_a_share_for_each_address() -> None:
    """Kong: each with the whole weight of its Target."""
    made = Made(two=("10.2.0.1", "10.2.0.2"))
    made.target("1", "two.test:80", 5)
    made.target("2", "10.0.0.1:81", 3)
    made.upstream.look_up(0)
    assert made.shares == {"10.2.0.1:80": 5, "10.2.0.2:80": 5, "10.0.0.1:81": 3}
    assert {peer.name for peer in made.upstream.peers()} == {"two.test", "10.0.0.1"}


def test_names_are_looked_at_again_every_second() -> None:
    """What is new joins, what is gone leaves, what stays is not touched; names that fail lead nowhere."""
    made = Made(two=("10.2.0.1", "10.2.0.2"))
    made.target("1", "two.test:80")
    made.upstream.look_up(100)
    stays = {peer.ip: peer for peer in made.upstream.peers()}["10.2.0.2"]
    made.names.known["two"] = ("10.2.0.2", "10.2.0.3")
    made.upstream.look_up(100.9)
    assert "10.2.0.3:80" not in made.shares
    told = made.told
    made.upstream.look_up(101)
    assert made.shares == {"10.2.0.2:80": 100, "10.2.0.3:80": 100}
    assert next(made.upstream.peers()) is stays
    assert made.told == told + 1
    made.upstream.look_up(102)
    assert made.told == told + 1
    made.names.known["two"] = NameFailure("two.test")
    made.upstream.look_up(103)
    assert made.shares == {}
    assert len(made.names.asked) == 4


def test_a_slow_name_delays_nobody_else() -> None:
    """It is asked for once at a time, and what it leads to joins when it is known."""
    slow: Deferred[tuple[str, ...]] = Deferred()
    made = Made(slow=slow)
    made.target("1", "slow.test:80")
    made.target("2", "10.0.0.1:80")
    made.upstream.look_up(0)
    made.upstream.look_up(5)
    assert (made.upstream.is_looking, made.names.asked) == (True, ["slow.test"])
    assert made.shares == {"10.0.0.1:80": 100}
    looked = made.upstream.looked()
    no_result(looked)
    slow.callback(("10.9.9.9",))
    success_of(looked)
    assert made.shares == {"10.9.9.9:80": 100, "10.0.0.1:80": 100}
    assert not made.upstream.is_looking


def test_a_name_that_fails_or_comes_too_late() -> None:
    """No address comes of it."""
    for result in (NameFailure("slow.test"), ("10.9.9.9",)):
        slow: Deferred[tuple[str, ...]] = Deferred()
        made = Made(slow=slow)
        made.target("1", "slow.test:80")
        made.upstream.look_up(0)
        if isinstance(result, NameFailure):
            slow.errback(result)
        else:
            made.upstream.remove_target("1")
            slow.callback(result)
        assert made.shares == {}
        assert made.upstream.algorithm.pick() is None


def test_the_newest_of_several_rows_counts() -> None:
    """When it goes, the one before counts again."""
    made = Made()
    made.target("1", "10.0.0.1:80", 5)
    made.target("2", "10.0.0.1:80", 0, created_at=2)
    assert made.shares == {"10.0.0.1:80": 0}
    assert made.upstream.algorithm.pick() is None
    made.upstream.remove_target("2")
    assert made.shares == {"10.0.0.1:80": 5}
    made.upstream.remove_target("1")
    made.upstream.remove_target("1")
    assert made.shares == {}


ADDRESSES = st.sampled_from([f"10.0.0.{n}:80" for n in range(3)] + ["two.test:80"])
CHANGES = st.lists(st.tuples(st.sampled_from("abcd"), ADDRESSES, st.integers(0, 3), st.integers(0, 9)))


@given(CHANGES)
def test_whatever_came_before_only_the_rows_count(changes: list[tuple[str, str, int, int]]) -> None:
    """A node that has seen every change of Targets balances like one that starts with the last rows."""
    seen, rows = Made(two=("10.2.0.1", "10.2.0.2")), {}
    for id, address, weight, moment in changes:
        if moment == 0:
            seen.upstream.remove_target(id)
            rows.pop(id, None)
        else:
            seen.target(id, address, weight, moment)
            rows[id] = (address, weight, moment)
        seen.upstream.look_up(moment)
    fresh = Made(two=("10.2.0.1", "10.2.0.2"))
    for id, (address, weight, moment) in sorted(rows.items()):
        fresh.target(id, address, weight, moment)
    for made in (seen, fresh):
        made.upstream.look_up(100)
    assert seen.shares == fresh.shares
    total = sum(fresh.shares.values())
    picked = Counter(seen.upstream.algorithm.pick() for _ in range(10 * total))
    for peer, count in picked.items():
        assert peer is not None
        assert abs(count - 10 * seen.shares[f"{peer.ip}:{peer.port}"]) <= 2


def test_a_target_may_change_its_address() -> None:
    """The old one is gone."""
    made = Made()
    made.target("1", "10.0.0.1:80")
    made.target("1", "10.0.0.2:80")
    assert made.shares == {"10.0.0.2:80": 100}
