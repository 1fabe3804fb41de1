from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock
from typing_extensions import override

from tests.kit.changelog import change
from tests.kit.deferreds import success_of
from tests.kit.logs import caught_failures, caught_warnings
from tests.kit.rows import FakeRows
from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.schema import Schema
from twisted_kong.core.vaults import UnresolvedReference, Vaults
from twisted_kong.node.secrets import ReferringHolder, Resolved, Secrets

THING: dict[str, Any] = {
    "name": "things",
    "primary_key": ["id"],
    "fields": {
        "id": {"type": "string"},
        "secret": {"type": "string", "referenceable": True},
        "note": {"type": "string"},
    },
}


class Things(ReferringHolder):
    """Notes what it takes over."""

    def __init__(self, things: FakeRows, secrets: Secrets | None, **options: Any) -> None:
        super().__init__({"things": things}, Clock(), secrets=secrets, **options)
        self.used: list[tuple[str, str | None]] = []
        self.bad: set[str] = set()

    @override
    def _use(self, kind: str, id: str, new: Entity | None) -> Iterator[None]:
        if id in self.bad:
            raise ValueError(f"{id} cannot be used")
        self.used.append((id, None if new is None else new["secret"]))
        yield


class Node:
    """A holder over its rows."""

    def __init__(self, *, resolving: bool = True) -> None:
        self.things, self.vaults, self.told = FakeRows(), FakeRows(), 0
        environment = {"ONE": "first", "MY_ONE": "mine", "OTHER_ONE": "other-than-short"}
        secrets = Secrets(self.vaults, Vaults(environment), {"things": Schema(THING, {})})
        self.holder = Things(self.things, secrets if resolving else None, changed=self.tell)
        self.holder.startService()
        success_of(self.holder.doubt())

    def tell(self) -> None:
        self.told += 1

    def put(self, id: str, secret: str, note: str | None = None) -> None:
        self.things.put({"id": id, "secret": secret, "note": note})
        self.changed("things", id)

    def put_vault(self, prefix: str, variables: str, id: str = "v", **values: Any) -> None:
        row = {"id": id, "prefix": prefix, "name": "env", "config": {"prefix": variables}}
        self.vaults.put(row | values)
        self.changed("vaults", id)

    def changed(self, *keys: str) -> None:
        kinds, ids = keys[::2], keys[1::2]
        changes = [change(number, *key) for number, key in enumerate(zip(kinds, ids, strict=True))]
        success_of(self.holder.apply(changes))


@pytest.fixture
def node() -> Iterator[Node]:
    """A holder of no rows."""
    node = Node()
    yield node
    node.holder.stopService()


def test_secret_takes_the_place_of_its_reference(node: Node) -> None:
    """Where the row is used; what is held is what was written."""
    node.put("t", "{vault://env/one}")
    node.put("u", "plain")
    assert node.holder.used == [("t", "first"), ("u", "plain")]
    assert node.holder.rows["things"]["t"]["secret"] == "{vault://env/one}"
    row = node.holder.row_of("things", "t")
    assert row is not None
    assert row["secret"] == "first"
    assert node.holder.row_of("things", "u") is node.holder.rows["things"]["u"]
    assert node.holder.row_of("things", "x") is None


def test_plugins_may_look_secrets_up_by_themselves(node: Node) -> None:
    """By the Vaults as they are at that moment."""
    node.put_vault("mine", "my-")
    assert node.holder.secret("{vault://mine/one}") == "mine"
    with pytest.raises(UnresolvedReference, match="there is no vault 'theirs'"):
        node.holder.secret("{vault://theirs/one}")


def test_the_log_learns_of_every_secret_that_is_looked_up(node: Node) -> None:
    """Nothing else has to be masked: what is not referred to is in no row."""
    node.put("t", "{vault://env/other-one}")
    secrets = node.holder._secrets
    assert secrets is not None
    assert secrets.known.hide("known to be other-than-short") == "known to be ******"
    assert secrets.known.hide("never read") == "never read"


def test_only_referenceable_fields_refer(node: Node) -> None:
    """A note may be any text."""
    node.put("t", "plain", note="{vault://env/one}")
    row = node.holder.row_of("things", "t")
    assert row is not None
    assert row["note"] == "{vault://env/one}"


def test_reference_to_nothing_is_an_empty_text_and_told(node: Node) -> None:
    """With the row that it is of; Kong serves on with an empty secret, too."""
    with caught_warnings() as lines:
        node.put("t", "{vault://env/none}")
    assert node.holder.used == [("t", "")]
    assert lines == [
        "unable to resolve reference {vault://env/none} of things t: environment variable NONE is not set"
    ]


def test_malformed_reference_is_told_too(node: Node) -> None:
    """It was accepted, since nothing but its ends is looked at then."""
    with caught_warnings() as lines:
        node.put("t", "{vault://env}")
    assert node.holder.used == [("t", "")]
    assert "not of the form" in lines[0]


def test_vault_that_comes_late_resolves_what_refers_to_it(node: Node) -> None:
    """No row has to be written again, and no other row is touched."""
    with caught_warnings() as lines:
        node.put("t", "{vault://mine/one}")
    assert "there is no vault 'mine'" in lines[0]
    node.put("u", "{vault://env/one}")
    node.holder.used.clear()
    node.told = 0
    node.put_vault("mine", "my-")
    assert node.holder.used == [("t", "mine")]
    assert node.told == 2


def test_changed_vault_is_followed(node: Node) -> None:
    """Another configuration, another prefix, and its end."""
    node.put_vault("mine", "my-")
    node.put("t", "{vault://mine/one}")
    node.put_vault("mine", "other-")
    with caught_warnings() as lines:
        node.put_vault("renamed", "other-")
        node.put_vault("mine", "my-")
        node.vaults.rows.clear()
        node.changed("vaults", "v")
    assert node.holder.used == [("t", "mine"), ("t", "other-than-short"), ("t", ""), ("t", "mine"), ("t", "")]
    assert len(lines) == 2


def test_change_without_effect_takes_nothing_over(node: Node) -> None:
    """A Vault's description changes no secret."""
    node.put_vault("mine", "my-")
    node.put("t", "{vault://mine/one}")
    node.put_vault("mine", "my-", description="d")
    assert node.holder.used == [("t", "mine")]


def test_prefix_that_moves_to_another_vault(node: Node) -> None:
    """Whichever of the two changes is read first."""
    node.put_vault("mine", "my-", id="a")
    node.put("t", "{vault://mine/one}")
    node.vaults.put({"id": "a", "prefix": "theirs", "name": "env", "config": {"prefix": "my-"}})
    node.put_vault("mine", "other-", id="b")
    node.changed("vaults", "a")
    assert node.holder.used[-1] == ("t", "other-than-short")


def test_vaults_are_read_before_what_refers_to_them() -> None:
    """A start warns of nothing that is in order."""
    node = Node()
    node.things.put({"id": "a", "secret": "{vault://mine/one}", "note": None})
    node.vaults.put({"id": "z", "prefix": "mine", "name": "env", "config": {"prefix": "my-"}})
    with caught_warnings() as lines:
        success_of(node.holder.doubt())
    node.holder.stopService()
    assert node.holder.used == [("a", "mine")]
    assert lines == []


def test_row_that_fails_keeps_no_other_from_its_secret(node: Node) -> None:
    """One vault may be referred to by many."""
    node.put_vault("mine", "my-")
    for id in ("a", "b"):
        node.put(id, "{vault://mine/one}")
    node.holder.bad.add("a")
    with caught_failures() as lines:
        node.put_vault("mine", "other-")
    assert lines == ["a cannot be used"]
    assert node.holder.used[-1] == ("b", "other-than-short")


def test_row_that_goes_is_forgotten(node: Node) -> None:
    """Its secret is not kept."""
    node.put("t", "{vault://env/one}")
    node.things.rows.clear()
    node.changed("things", "t")
    assert node.holder.used[-1] == ("t", None)
    assert node.holder.row_of("things", "t") is None


def test_without_vaults_rows_are_as_they_are_written() -> None:
    """Holders of tests need none."""
    node = Node(resolving=False)
    node.put("t", "{vault://env/one}")
    node.holder.stopService()
    assert node.holder.used == [("t", "{vault://env/one}")]
    with pytest.raises(UnresolvedReference):
        node.holder.secret("{vault://env/one}")


def test_secrets_are_not_shown() -> None:
    """Nothing that holds them may get into a log by its repr."""
    secrets = Secrets(FakeRows(), Vaults({"ONE": "first"}), {})
    assert "first" not in repr(Resolved({"secret": "first"}, frozenset()))
    assert "first" not in repr(secrets)
