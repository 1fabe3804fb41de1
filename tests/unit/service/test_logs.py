"""Where the access logs of a node go."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest
from twisted.internet.task import Clock

from tests.kit.running import make_conf
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.service.logs import AccessLogs, append_to


def test_a_log_that_is_off_costs_nothing(tmp_path: Path) -> None:
    """Nobody is told of requests that nobody notes."""
    logs = AccessLogs(make_conf(tmp_path), Clock())
    assert (logs.proxy(), logs.admin(), logs.status()) == (None, None, None)
    logs.reopen()
    logs.close()


def test_what_is_noted_is_written_in_the_end(tmp_path: Path) -> None:
    """Lines are gathered, and none is lost when the logs are closed."""
    clock, path = Clock(), tmp_path / "admin.log"
    logs = AccessLogs(make_conf(tmp_path, admin_access_log=path), clock)
    note = logs.admin()
    assert note is not None
    note("one")
    note("two")
    logs.close()
    assert path.read_text() == "one\ntwo\n"
    assert clock.getDelayedCalls() == []


def test_every_log_is_opened_anew(tmp_path: Path) -> None:
    """After a rotation each goes on in a new file of the old name."""
    names = {"admin_access_log": tmp_path / "admin.log", "status_access_log": tmp_path / "status.log"}
    logs = AccessLogs(make_conf(tmp_path, **names), Clock())
    notes = [logs.admin(), logs.status()]
    for path in names.values():
        path.rename(path.with_suffix(".1"))
    logs.reopen()
    for note in notes:
        assert note is not None
        note("after")
    logs.close()
    assert [path.read_text() for path in names.values()] == ["after\n", "after\n"]
    assert [path.with_suffix(".1").read_text() for path in names.values()] == ["", ""]


def test_a_format_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """The line lists those that do."""
    path = tmp_path / "access.log"
    logs = AccessLogs(make_conf(tmp_path, proxy_access_log=f"{path} nonsense"), Clock())
    with pytest.raises(ConfError, match=r"there is no log format 'nonsense' \(.*kong_log_format"):
        logs.proxy()


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    """Property, path and reason in one line."""

    def refuse(path: str) -> BinaryIO:
        raise OSError(28, "No space left on device")

    logs = AccessLogs(make_conf(tmp_path, proxy_access_log="/var/x.log"), Clock(), refuse)
    with pytest.raises(ConfError, match=r"proxy_access_log: cannot open .*: No space left on device"):
        logs.proxy()


def test_others_cannot_read_a_log(tmp_path: Path) -> None:
    """Queries may hold secrets: owner and group only; what was there stays."""
    path = tmp_path / "access.log"
    for line in (b"one\n", b"two\n"):
        with append_to(str(path)) as file:
            file.write(line)
    assert path.read_bytes() == b"one\ntwo\n"
    assert path.stat().st_mode & 0o007 == 0
