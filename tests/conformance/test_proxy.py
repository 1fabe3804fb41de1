"""A whole node of ours gives the answers that a real Kong 3.9.1 gave, through its Admin API and its proxy."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from tests.conformance.known_differences import PROXY_KNOWN
from tests.kit.echo import echo
from tests.kit.name_server import name_server
from tests.kit.proxy_recordings import NotRunning, Player
from tests.kit.recorded_time import RecordedTime
from tests.kit.recordings import Exchange, recorded
from tests.kit.running import running_node

pytestmark = pytest.mark.integration

# How many exchanges each file holds, and how many of them are left out by the rule of NotRunning. The Admin
# API's answers about key-auth credentials, cred_key, are compared in test_admin: all of them are.
FILES = {
    "proxy_match": (179, 0),
    "proxy_headers": (44, 0),
    "proxy_errors": (91, 0),
    "plugin_auth": (134, 59),
    "plugin_traffic": (179, 72),
}


def compared(file: str) -> tuple[list[Exchange], int]:
    """The exchanges to be compared, and how many are left out."""
    exchanges = recorded(file)
    not_running = NotRunning(exchanges)
    chosen = [exchange for exchange in exchanges if not not_running.concerns(exchange)]
    return chosen, len(exchanges) - len(chosen)


@contextmanager
def dead_port() -> Iterator[int]:
    """A port of loopback where connections are refused."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@asynccontextmanager
async def player(directory: Path, started: float) -> AsyncIterator[Player]:
    """A node at the recorded time, the two Services that it was recorded with, and one that is not there."""
    from twisted.internet import reactor

    clock = RecordedTime(reactor)
    clock.set(started)
    async with (
        echo(clock) as first,
        echo(clock) as second,
        name_server() as names,
        running_node(directory, reactor=clock, dns_resolver=f"127.0.0.1:{names.port}") as node,
    ):
        assert first.upstream is not None
        assert second.upstream is not None
        # However long the node took to come up.
        clock.set(started)
        with dead_port() as dead, dead_port() as dead_target:
            ports = {
                19000: node.port,
                19001: node.admin_port,
                19050: first.upstream.port,
                19051: second.upstream.port,
                19098: dead_target,
                19099: dead,
            }
            yield Player(node, clock, first, ports)


@pytest.mark.each_database
@pytest.mark.parametrize("file", FILES)
async def test_recorded_answers(file: str, tmp_path: Path) -> None:
    """Every recorded exchange is answered as it was by Kong, but for the listed differences."""
    exchanges, left_out = compared(file)
    assert (len(exchanges) + left_out, left_out) == FILES[file]
    found = {}
    async with player(tmp_path, exchanges[0].date) as playing:
        for exchange in exchanges:
            found[exchange] = playing.differences(exchange, await playing.play(exchange))
    listed = {exchange for exchange in exchanges if (exchange.file, exchange.n) in PROXY_KNOWN}
    unlisted = [
        "\n    ".join([str(each), *text]) for each, text in found.items() if text and each not in listed
    ]
    settled = [str(each) for each in listed if not found[each]]
    assert not unlisted, "\n".join([f"{len(unlisted)} unlisted differences", *unlisted])
    assert not settled, "\n".join(["listed as different, but the same:", *settled])


def test_every_listed_difference_is_played() -> None:
    """No listed difference hides in an exchange that is left out or not there."""
    played = {(each.file, each.n) for file in FILES for each in compared(file)[0]}
    assert set(PROXY_KNOWN) - played == set()
