from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

from tests.kit.changelog import change
from tests.kit.deferreds import success_of
from tests.kit.rows import FakeRows
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.node.admin_token_rows import AdminTokenHolder


class Node:
    """A holder of tokens over its rows."""

    def __init__(self) -> None:
        self.rows, self.clock = FakeRows(), Clock()
        self.holder = AdminTokenHolder(self.rows, self.clock)

    def put(self, id: str, token_hash: str) -> None:
        """Write a token, and let the node hear of it."""
        self.rows.put({"id": id, "name": id, "token_hash": token_hash})
        success_of(self.holder.apply([change(1, "admin_tokens", id)]))

    def name(self, digest: str) -> str | None:
        """Whose hash it is."""
        row = self.holder.find(digest)
        return None if row is None else row["name"]


@pytest.fixture
def node() -> Iterator[Node]:
    """A holder of no rows."""
    node = Node()
    node.holder.startService()
    yield node
    node.holder.stopService()


def test_a_token_is_found_by_its_hash(node: Node) -> None:
    """And no other."""
    node.put("a", "h1")
    node.put("b", "h2")
    assert (node.name("h1"), node.name("h2"), node.name("h3")) == ("a", "b", None)


def test_a_rotated_token_is_found_by_its_new_hash_only(node: Node) -> None:
    """The old secret is good for nothing as soon as the change is applied."""
    node.put("a", "h1")
    node.put("a", "h2")
    assert (node.name("h1"), node.name("h2")) == (None, "a")


def test_a_revoked_token_is_not_found(node: Node) -> None:
    """As soon as the change is applied."""
    node.put("a", "h1")
    del node.rows.rows["a"]
    success_of(node.holder.apply([change(2, "admin_tokens", "a")]))
    assert node.name("h1") is None


def test_guesses_cost_no_read_and_tokens_are_good_while_the_database_is_away(node: Node) -> None:
    """Everything is told from memory."""
    node.put("a", "h1")
    read = (len(node.rows.selected), node.rows.pages)
    node.rows.errors = [DatabaseUnavailable("away")] * 10
    assert [node.name(f"guess {n}") for n in range(100)] == [None] * 100
    assert node.name("h1") == "a"
    assert (len(node.rows.selected), node.rows.pages) == read
