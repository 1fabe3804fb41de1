"""Looking a name up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.deferreds import failure_of, success_of
from twisted_kong.core.names.records import Looked, Place, Reply, Service
from twisted_kong.core.names.system_files import ResolvConf
from twisted_kong.node.lookups import Lookup, NoAnswer, NoSuchName

ORDER = ("LAST", "SRV", "A", "CNAME")


class Zone:
    """What name servers know."""

    def __init__(self, **known: Any) -> None:
        self.known = {tuple(key.replace("__", ".").rsplit("_", 1)): value for key, value in known.items()}
        self.asked: list[tuple[str, str]] = []

    async def ask(self, name: str, kind: str) -> Reply:
        """The records."""
        self.asked.append((name, kind))
        found = self.known.get((name, kind))
        if found is None:
            raise NoSuchName(name)
        if isinstance(found, Exception):
            raise found
        return Reply(tuple(found), 60.0 if kind == "SRV" else 30.0)

    def lookup(self, *order: str, search: tuple[str, ...] = (), **hosts: Any) -> Lookup:
        """A lookup here."""
        return Lookup(self.ask, hosts, ResolvConf(search=search), order or ORDER)


def test_the_hosts_file_comes_first() -> None:
    """IPv4 alone where it has both, unless AAAA is wanted; case and a last dot do not matter."""
    zone = Zone()
    lookup = zone.lookup(here=("::1", "127.0.0.1"), six=("::1",))
    assert success_of(lookup("HERE.")) == Looked(("127.0.0.1",), None)
    assert success_of(lookup("six")) == Looked(("::1",), None)
    both = zone.lookup("A", "AAAA", here=("::1", "127.0.0.1"))
    assert success_of(both("here")).found == ("::1", "127.0.0.1")
    assert zone.asked == []


def test_kinds_are_tried_in_order_and_the_last_one_first() -> None:
    """``LAST`` saves the questions that came to nothing last time."""
    zone = Zone(a__test_A=["10.0.0.1"])
    lookup = zone.lookup()
    for _ in range(2):
        assert success_of(lookup("a.test")) == Looked(("10.0.0.1",), 30.0)
    assert zone.asked == [("a.test", "SRV"), ("a.test", "A"), ("a.test", "A")]
    zone.asked.clear()
    without = zone.lookup("AAAA", "A")
    for _ in range(2):
        success_of(without("a.test"))
    assert zone.asked == [("a.test", "AAAA"), ("a.test", "A")] * 2


def test_every_name_of_the_search_list_is_tried() -> None:
    """For each kind; short names in the list first."""
    zone = Zone(a__two_A=["10.0.0.1"])
    assert success_of(zone.lookup("A", search=("one", "two"))("a")).found == ("10.0.0.1",)
    assert zone.asked == [("a.one", "A"), ("a.two", "A")]
    zone.asked.clear()
    failure_of(zone.lookup("SRV", "A", search=("one",))("a.b"), NoSuchName)
    assert zone.asked == [("a.b", "SRV"), ("a.b.one", "SRV"), ("a.b", "A"), ("a.b.one", "A")]


def test_srv_records_lead_to_the_addresses_of_their_targets() -> None:
    """With port and weight; the answer is good for as long as the shortest of all."""
    zone = Zone(
        svc__test_SRV=[
            Service(1, 5, 81, "a.test"),
            Service(1, 0, 82, "10.9.9.9"),
            Service(2, 9, 83, "b.test"),
        ],
        a__test_A=["10.0.0.1", "10.0.0.2"],
    )
    assert success_of(zone.lookup()("svc.test")) == Looked(
        (
            Place("10.0.0.1", 81, 5, "a.test"),
            Place("10.0.0.2", 81, 5, "a.test"),
            Place("10.9.9.9", 82, 1, "10.9.9.9"),
        ),
        30.0,
    )


def test_srv_records_that_lead_nowhere_are_none() -> None:
    """Another kind may do."""
    zone = Zone(svc__test_SRV=[Service(1, 5, 81, "gone.test")], svc__test_A=["10.0.0.1"])
    assert success_of(zone.lookup()("svc.test")).found == ("10.0.0.1",)
    here = zone.lookup("SRV", **{"gone.test": ("127.0.0.1",)})
    assert success_of(here("svc.test")).found == (Place("127.0.0.1", 81, 5, "gone.test"),)


@pytest.mark.parametrize(("error", "raised"), [(NoAnswer("late"), NoAnswer), (NoSuchName("x"), NoSuchName)])
def test_no_answer_is_told_from_no_name(error: Exception, raised: type[Exception]) -> None:
    """If any question came to nothing, nobody knows whether the name exists."""
    zone = Zone(a__test_SRV=error)
    failure_of(zone.lookup()("a.test"), raised)
    zone.known["a.test", "A"] = ["10.0.0.1"]
    assert success_of(zone.lookup()("a.test")).found == ("10.0.0.1",)
