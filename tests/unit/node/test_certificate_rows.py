from __future__ import annotations

from collections.abc import Iterator

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
        self.certificates, self.authorities, self.told = FakeRows(), FakeRows(), 0
        self.holder = CertificateHolder(self.certificates, self.authorities, Clock(), changed=self.tell)

    def tell(self) -> None:
        self.told += 1

    def put(self, kind: str, id: str, **values: str) -> None:
        rows = self.certificates if kind == "certificates" else self.authorities
        rows.put({"id": id, **values})
        success_of(self.holder.apply([change(1, kind, id)]))


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
