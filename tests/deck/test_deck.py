"""A real decK and a node: whatever the one writes the other reads back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.utils import getProcessOutputAndValue

from tests.deck.entities import COUNT, Document, count, document
from tests.deck.replay import covers
from tests.kit.running import running_node

DECK = shutil.which("deck")
FLAGS = ("--analytics=false", "--no-color")
# What of a member differs each time: the hash of a password has a salt.
UNSEEN = frozenset({"password"})
# By what the entities of a list are told apart.
NAMES = ("id", "name", "username", "key", "client_id", "group", "prefix", "target")

pytestmark = [
    pytest.mark.integration,
    pytest.mark.each_database,
    pytest.mark.skipif(DECK is None, reason="there is no deck on PATH"),
]


class Terminal:
    """Runs ``deck gateway`` against a node; ``folder`` is where it works."""

    def __init__(self, reactor: Any, folder: Path, port: int) -> None:
        self._reactor = reactor
        self._folder = folder
        self._port = port

    async def run(self, command: str, *arguments: str) -> str:
        """What a command prints; it must succeed."""
        assert DECK is not None
        argv = [*FLAGS, "--kong-addr", f"http://127.0.0.1:{self._port}", "gateway", command, *arguments]
        environment = {"HOME": str(self._folder), "PATH": os.environ["PATH"]}
        printed, errors, code = await getProcessOutputAndValue(
            DECK, argv, environment, str(self._folder), self._reactor
        )
        assert code == 0, f"{command}: {printed.decode()}{errors.decode()}"
        return str(printed.decode())

    async def summary(self, command: str, *arguments: str) -> tuple[int, ...]:
        """How many entities a command created, updated and deleted."""
        printed = await self.run(command, *arguments)
        found = dict(line.split(":") for line in printed.rpartition("Summary:")[2].split("\n") if ":" in line)
        return tuple(int(found[f"  {name}"]) for name in ("Created", "Updated", "Deleted"))

    async def dump(self, name: str) -> Document:
        """What a node holds, as decK writes it to a file."""
        await self.run("dump", "--format", "json", "-o", name, "--yes")
        found: Document = json.loads((self._folder / name).read_text())
        return found

    def write(self, name: str, content: Document) -> str:
        """A file for decK."""
        (self._folder / name).write_text(json.dumps(content))
        return name


@asynccontextmanager
async def terminal(folder: Path) -> AsyncIterator[Terminal]:
    """A node, and a terminal beside it."""
    from twisted.internet import reactor

    async with running_node(folder) as node:
        yield Terminal(reactor, folder, node.admin_port)


def sorted_out(value: Any) -> Any:
    """A document in which lists of entities are in order of their names, without what differs each time."""
    if isinstance(value, dict):
        return {name: sorted_out(member) for name, member in value.items() if name not in UNSEEN}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return sorted((sorted_out(each) for each in value), key=_name)
    return value


def _name(entity: Document) -> str:
    return json.dumps([entity.get(name) for name in NAMES])


async def test_sync_diff_dump_and_reset(tmp_path: Path) -> None:
    """500 entities go in, nothing is left to do, the same come out, and none is left in the end."""
    whole = document()
    async with terminal(tmp_path) as deck:
        state = deck.write("state.json", whole)
        assert "3.9.1" in await deck.run("ping")
        assert await deck.summary("sync", state) == (COUNT, 0, 0)
        assert await deck.summary("diff", "--non-zero-exit-code", state) == (0, 0, 0)
        dumped = await deck.dump("dumped.json")
        assert count(dumped) == count(whole) == COUNT
        assert covers(sorted_out(dumped), sorted_out(whole))
        assert await deck.summary("reset", "--force") == (0, 0, COUNT)
        assert await deck.dump("empty.json") == {"_format_version": "3.0"}


async def test_a_dump_makes_the_same_node(tmp_path: Path) -> None:
    """What was dumped and synced dumps as it was; a changed file changes just what differs."""
    async with terminal(tmp_path) as deck:
        await deck.run("sync", deck.write("state.json", document()))
        first = await deck.dump("first.json")
        await deck.run("reset", "--force")
        assert await deck.summary("sync", "first.json") == (COUNT, 0, 0)
        assert sorted_out(await deck.dump("second.json")) == sorted_out(first)
        first["services"][0]["port"] = 9999
        first["consumers"].pop()
        within = count({"consumers": (await deck.dump("third.json"))["consumers"][-1:]})
        assert await deck.summary("sync", deck.write("changed.json", first)) == (0, 1, within)


async def test_a_selection_by_tag(tmp_path: Path) -> None:
    """With a tag selected, nothing that lacks it is shown or removed."""
    async with terminal(tmp_path) as deck:
        await deck.run("sync", deck.write("state.json", document()))
        await deck.run("dump", "--format", "json", "-o", "some.json", "--yes", "--select-tag", "group-1")
        some = json.loads((tmp_path / "some.json").read_text())
        assert {each["name"] for each in some["services"]} == {f"service-{each}" for each in range(1, 50, 5)}
        nothing = deck.write(
            "nothing.json", {"_format_version": "3.0", "_info": {"select_tags": ["group-1"]}}
        )
        removed = await deck.summary("diff", nothing)
        assert removed == (0, 0, 10)
