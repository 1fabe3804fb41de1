"""What the node tells while it starts; real launches are in tests/integration."""

from __future__ import annotations

import pytest

from twisted_kong.cli.launching import News, last_line


def test_ready() -> None:
    """One line of the message says so, whatever else is in it."""
    news = News()
    news.take(b"STATUS=starting\nX=1")
    assert not news.ready
    news.take(b"READY=1\nSTATUS=ready")
    assert news.ready
    assert news.reason is None


def test_reason() -> None:
    """A status that begins with Error is why the node ends."""
    news = News()
    news.take(b"STATUS=Error: the disk = full\nERRNO=1")
    assert news.reason == "the disk = full"


def test_rubbish_is_survived() -> None:
    """Anybody with the node's user may send to the socket."""
    news = News()
    news.take(b"\xff\x00=\nREADY")
    assert not news.ready


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
