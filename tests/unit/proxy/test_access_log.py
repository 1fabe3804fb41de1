"""The access log, without a file."""

from __future__ import annotations

from io import BytesIO
from typing import BinaryIO

from twisted.internet.task import Clock
from typing_extensions import override

from twisted_kong.core.context import RequestContext
from twisted_kong.proxy.access_log import AccessLog


class File(BytesIO):
    """A file that can be full, and whose text outlives it."""

    full = False
    text = b""

    @override
    def write(self, data: object) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        assert isinstance(data, bytes)
        self.text += data
        return len(data)


def opened() -> tuple[AccessLog, Clock, list[File]]:
    """A log that writes ``line``, and the files it has opened."""
    files: list[File] = []

    def open_file() -> BinaryIO:
        files.append(File())
        return files[-1]

    clock = Clock()
    return AccessLog(open_file, lambda ctx: "line", clock), clock, files


def test_lines_wait_for_others_but_not_long() -> None:
    """A second at most, and a full buffer not at all."""
    log, clock, files = opened()
    log(RequestContext())
    log(RequestContext())
    assert files[0].text == b""
    clock.advance(1.0)
    assert files[0].text == b"line\nline\n"
    for _ in range(512):
        log(RequestContext())
    assert files[0].text == b"line\n" * 514
    assert clock.getDelayedCalls() == []


def test_reopening() -> None:
    """What was gathered goes to the old file, what follows to the new one."""
    log, _, files = opened()
    log(RequestContext())
    log.reopen()
    log(RequestContext())
    log.close()
    assert [file.text for file in files] == [b"line\n", b"line\n"]
    assert [file.closed for file in files] == [True, True]


def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    """Requests go on, and so does the log once there is room."""
    log, clock, files = opened()
    files[0].full = True
    log(RequestContext())
    clock.advance(1.0)
    files[0].full = False
    log(RequestContext())
    clock.advance(1.0)
    assert files[0].text == b"line\n"
