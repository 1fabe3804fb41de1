"""The requests of decK lead where decK expects them to lead."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from tests.deck.entities import COUNT, Document, count, document
from tests.deck.replay import KINDS, Deck, Entities, covers
from tests.kit.running import running_node

pytestmark = [pytest.mark.integration, pytest.mark.each_database]


def changed(whole: Document) -> Document:
    """The file after a day's work: something new, something else, something gone."""
    whole["services"][0]["port"] = 9999
    whole["services"][1]["routes"].pop()
    whole["upstreams"][0]["targets"][0]["weight"] = 7
    whole["consumers"].append({"username": "new", "keyauth_credentials": [{"key": "new"}]})
    whole["plugins"][1]["config"]["status_code"] = 418
    return whole


def counted(entities: Entities) -> int:
    """How many entities a node has."""
    return sum(map(len, entities.values()))


async def test_the_commands_of_deck(tmp_path: Path) -> None:
    """ping, sync, diff, dump and reset; 500 entities, ten requests at a time."""
    whole = document()
    assert count(whole) == COUNT
    async with running_node(tmp_path) as node:
        deck = Deck(node.admin_port)

        async def run(command: Any, *given: Any) -> Any:
            return await deferToThread(command, *given)

        try:
            assert await run(deck.ping) == "3.9.1"
            assert (await run(deck.sync, whole)).counts() == (COUNT, 0, 0)
            assert (await run(deck.diff, whole)).counts() == (0, 0, 0)
            assert counted(await run(deck.dump)) == COUNT
            other = changed(document())
            assert (await run(deck.sync, other)).counts() == (2, 3, 1)
            assert (await run(deck.diff, other)).counts() == (0, 0, 0)
            assert (await run(deck.reset)).counts() == (0, 0, COUNT + 1)
            assert counted(await run(deck.dump)) == 0
        finally:
            deck.close()


def test_everything_of_the_file_is_compared() -> None:
    """The file has some of each kind, and what a node lacks is seen."""
    names = Counter(kind.name for kind in KINDS)
    assert set(names.values()) == {1}
    assert covers({"a": [1, 2], "b": None}, {"a": [1, 2]})
    assert not covers({"a": [1]}, {"a": [1, 2]})
    assert not covers({}, {"a": 1})
