from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import LogLevel
from twisted.python.failure import Failure

from twisted_kong.node.error_log import ErrorLog, format_line


def event(level: LogLevel = LogLevel.info, text: str = "hello", **more: Any) -> dict[str, Any]:
    return {"log_time": 0.0, "log_level": level, "log_format": "{text}", "text": text, **more}


def test_a_line_has_nginx_form() -> None:
    """Tools that read Kong's error log read ours."""
    line = format_line(event(LogLevel.error), 7)
    assert re.fullmatch(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[error\] 7#0: hello\n", line)


def test_a_client_cannot_forge_a_line() -> None:
    """What breaks lines or moves a terminal's cursor is escaped."""
    line = format_line(event(text="a\n2026/01/01 [emerg] x\x1b[2J\u2028y"), 7)
    assert line.count("\n") == 1
    assert "\\n2026/01/01" in line
    assert "\\x1b[2J\\u2028y" in line


def test_a_failure_shows_its_traceback_indented() -> None:
    """A traceback belongs to the line before it."""
    try:
        raise ValueError("boom")
    except ValueError:
        failure = Failure()
    lines = format_line(event(LogLevel.critical, log_failure=failure), 7).splitlines()
    assert "[crit]" in lines[0]
    assert all(line.startswith("    ") for line in lines[1:])
    assert "boom" in lines[-1]


@pytest.mark.parametrize(
    ("level", "written"),
    [("debug", ["debug", "notice", "error"]), ("notice", ["notice", "error"]), ("crit", [])],
)
def test_the_level_decides_what_is_written(level: str, written: list[str]) -> None:
    """``log_level`` is the least severe level that is written."""
    file = io.StringIO()
    log = ErrorLog("/x", level, 7, lambda path: file)
    for each in (LogLevel.debug, LogLevel.info, LogLevel.error):
        log(event(each))
    assert re.findall(r"\[(\w+)\]", file.getvalue()) == written


def test_the_level_can_change() -> None:
    """The Admin API sets the level of a running node."""
    file = io.StringIO()
    log = ErrorLog("/x", "error", 7, lambda path: file)
    log.set_level("debug")
    log(event(LogLevel.debug))
    assert "[debug]" in file.getvalue()


def test_reopening_follows_a_moved_file(tmp_path: Path) -> None:
    """After log rotation new lines go to a new file, which only owner and group may read."""
    path = tmp_path / "error.log"
    log = ErrorLog(str(path), "notice", 7)
    log(event(text="before"))
    path.rename(tmp_path / "error.log.1")
    log.reopen()
    log(event(text="after"))
    log.close()
    log(event(text="too late"))
    assert "before" in (tmp_path / "error.log.1").read_text()
    assert path.read_text().endswith("after\n")
    assert path.stat().st_mode & 0o777 == 0o640


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_stops_nothing() -> None:
    """Logging never raises into the code that logs."""
    log = ErrorLog("/x", "notice", 7, lambda path: Full())
    log(event())


def test_what_no_line_may_show_is_masked(tmp_path: Path) -> None:
    """Also in a traceback, where an error may quote what it was given."""
    try:
        raise ValueError("cannot connect as hunter2")
    except ValueError:
        failure = Failure()
    log = ErrorLog(str(tmp_path / "error.log"), "notice", 7)
    log.hide = lambda line: line.replace("hunter2", "******")
    log(event(text="hunter2", log_failure=failure))
    log.close()
    text = (tmp_path / "error.log").read_text()
    assert "hunter2" not in text
    assert "cannot connect as ******" in text
