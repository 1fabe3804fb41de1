from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock

from tests.kit.changelog import change
from tests.kit.deferreds import success_of
from tests.kit.rows import FakeRows
from twisted_kong.node.certificate_rows import CertificateHolder
from twisted_kong.node.certificates import KeyPair


class Node:
    """A holder over its rows, which counts what it is told."""

    def __init__(self) -> None:
        self.certificates, self.authorities, self.snis, self.told = FakeRows(), FakeRows(), FakeRows(), 0
        self.holder = CertificateHolder(
            self.certificates, self.authorities, self.snis, Clock(), changed=self.tell
        )

    def tell(self) -> None:
        self.told += 1

    def put(self, kind: str, id: str, **values: Any) -> None:
        self._rows(kind).put({"id": id, **values})
        self.change(kind, id)

    def remove(self, kind: str, id: str) -> None:
        del self._rows(kind).rows[id]
        self.change(kind, id)

    def change(self, kind: str, id: str) -> None:
        success_of(self.holder.apply([change(1, kind, id)]))

    def _rows(self, kind: str) -> FakeRows:
        rows = {"certificates": self.certificates, "ca_certificates": self.authorities, "snis": self.snis}
        return rows[kind]

    def name(self, sni: str, name: str, certificate: str) -> None:
        """Store a Certificate, if it is not there, and a name for it."""
        if certificate not in self.certificates.rows:
            self.put("certificates", certificate, cert=f"CERT {certificate}", key="KEY")
        self.put("snis", sni, name=name, certificate={"id": certificate})

    def shown(self, name: str) -> str | None:
        """The id of the Certificate for a name."""
        row = self.holder.certificate_for(name)
        return None if row is None else row["id"]


@pytest.fixture
def node() -> Iterator[Node]:
    """A holder of no rows."""
    node = Node()
    node.holder.startService()
    success_of(node.holder.doubt())
    yield node
    node.holder.stopService()


def test_a_certificate_comes_with_its_key(node: Node) -> None:
    """What a Service's client_certificate refers to can be shown to it."""
    node.put("certificates", "c", cert="CERT", key="KEY")
    assert node.holder.pair_of("c") == KeyPair(b"CERT", b"KEY")
    assert node.holder.pair_of("other") is None


def test_authorities_are_all_there_or_none(node: Node) -> None:
    """A Service that trusts two authorities is not verified against one of them."""
    node.put("ca_certificates", "a", cert="A")
    assert node.holder.authorities_of(["a", "b"]) is None
    node.put("ca_certificates", "b", cert="B")
    assert node.holder.authorities_of(["a", "b"]) == b"A\nB"


def test_each_change_is_told_of_when_it_counts(node: Node) -> None:
    """Whoever is told may derive everything anew from what is held."""
    node.put("certificates", "c", cert="CERT", key="KEY")
    node.put("certificates", "c", cert="NEW", key="KEY2")
    assert node.told == 2
    assert node.holder.pair_of("c") == KeyPair(b"NEW", b"KEY2")


def test_a_name_comes_before_its_wildcards(node: Node) -> None:
    """Kong: the name, then ``*.rest``, then ``first.*``, then ``*``, then the node's own."""
    assert node.shown("www.a.test") is None
    for place, name in enumerate(["*", "www.a.*", "*.a.test", "www.a.test"]):
        node.name(f"s{place}", name, name)
        assert node.shown("www.a.test") == name
    assert node.shown("other.a.test") == "*.a.test"
    assert node.shown("www.a.example") == "www.a.*"
    assert node.shown("b.www.a.test") == "*"
    assert node.shown("localhost") == "*"


def test_a_client_that_names_nobody_is_shown_our_own(node: Node) -> None:
    """Kong: ``*`` is for names that no other covers, not for none."""
    node.name("s", "*", "c")
    assert node.shown("") is None


def test_a_name_moves_with_its_sni(node: Node) -> None:
    """To another Certificate, to another name, and away; in whatever order the rows are read."""
    node.name("s", "a.test", "c")
    node.name("s", "a.test", "d")
    assert node.shown("a.test") == "d"
    node.name("s", "b.test", "d")
    assert (node.shown("a.test"), node.shown("b.test")) == (None, "d")
    node.name("t", "b.test", "c")
    node.name("s", "c.test", "d")
    assert (node.shown("b.test"), node.shown("c.test")) == ("c", "d")
    node.remove("snis", "t")
    assert node.shown("b.test") is None


def test_names_are_stored_in_any_case(node: Node) -> None:
    """Server names have none."""
    node.name("s", "A.Test", "c")
    assert node.shown("a.test") == "c"
    node.remove("snis", "s")
    assert node.shown("a.test") is None


def test_an_sni_brings_its_certificate_along(node: Node) -> None:
    """One whose Certificate was not heard of yet is of use at once; without one the node's own is shown."""
    node.certificates.put({"id": "c", "cert": "CERT", "key": "KEY"})
    node.put("snis", "s", name="a.test", certificate={"id": "c"})
    assert node.shown("a.test") == "c"
    node.remove("certificates", "c")
    assert node.shown("a.test") is None


def test_watchers_are_told_which_certificate_has_changed(node: Node) -> None:
    """Those of SNIs do not change what is shown under a Certificate's id."""
    told: list[str] = []
    node.holder.watchers.append(told.append)
    node.name("s", "a.test", "c")
    node.put("certificates", "c", cert="NEW", key="KEY")
    node.remove("certificates", "c")
    assert told == ["c", "c", "c"]
    assert node.told == 3
    node.put("ca_certificates", "a", cert="A")
    assert (len(told), node.told) == (3, 4)
