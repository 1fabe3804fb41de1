"""What the node tells while it starts; real launches are in tests/integration."""

from __future__ import annotations

import signal

import pytest

from twisted_kong.cli.launching import News, last_line


def test_ready() -> None:
    """One line of the message says so, whatever else is in it."""
    news = News(60.0, [].append)
    news.take(b"STATUS=starting\nX=1", 0.0)
    assert not news.ready
    news.take(b"READY=1\nSTATUS=ready", 0.0)
    assert news.ready
    assert news.reason is None


def test_reason() -> None:
    """A status that begins with Error is why the node ends."""
    news = News(60.0, [].append)
    news.take(b"STATUS=Error: the disk = full\nERRNO=1", 0.0)
    assert news.reason == "the disk = full"


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        (b"STOPPING=1\nSTATUS=stopping", 0, "the node was stopped"),
        (b"", -signal.SIGTERM, "the node was stopped"),
        (b"STATUS=Error: the disk is full\nERRNO=1\nSTOPPING=1", 1, "the disk is full"),
        (b"", 1, "no module named x"),
    ],
)
def test_why_it_ended(message: bytes, code: int, reason: str) -> None:
    """Its own reason, else that somebody stopped it, else what it wrote last."""
    news = News(60.0, [].append)
    news.take(message, 0.0)
    assert news.end(code, "a warning\nno module named x\n") == reason


def test_rubbish_is_survived() -> None:
    """Anybody with the node's user may send to the socket."""
    news = News(60.0, [].append)
    news.take(b"\xff\x00=\nREADY", 0.0)
    assert not news.ready


def test_node_that_waits_is_given_time() -> None:
    """Each word that it waits puts the end off, and what it waits for is told when that changes."""
    told: list[str] = []
    news = News(60.0, told.append)
    for now, reason in ((1.0, "no route"), (50.0, "no route"), (90.0, "starting up")):
        news.take(f"STATUS=waiting: {reason}\nEXTEND_TIMEOUT_USEC=60000000".encode(), now)
    assert news.deadline == 150.0
    assert told == [
        "the node waits for the database: no route",
        "the node waits for the database: starting up",
    ]
    news.take(b"EXTEND_TIMEOUT_USEC=soon", 100.0)
    assert news.deadline == 150.0


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "it ended without a word"),
        ("Error: no file at: /x\n", "no file at: /x"),
        ("Traceback (most recent call last):\n  File\nKeyError: 'x'\n\n", "KeyError: 'x'"),
    ],
)
def test_last_line_explains_an_early_end(text: str, line: str) -> None:
    """Before the log is open, standard error is all there is."""
    assert last_line(text) == line
