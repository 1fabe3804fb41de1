"""What commands share: the configuration, the prefix, the running node."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from twisted_kong.cli.console import CommandFailed
from twisted_kong.cli.machine import Machine, Processes
from twisted_kong.cli.session import Session
from twisted_kong.core.conf.paths import PrefixPaths


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session whose default kong.conf names a directory as prefix."""
    conf = tmp_path / "kong.conf"
    conf.write_text(f"prefix = {tmp_path}\n")
    return Session(Machine({}, Processes(), default_files=(str(conf),)))


def write_pid(directory: Path, text: str) -> PrefixPaths:
    """A prefix with this pid file."""
    (directory / "pids").mkdir()
    (directory / "pids" / "nginx.pid").write_text(text)
    return PrefixPaths(str(directory))


def test_configured_prefix_is_used_where_none_is_given(session: Session, tmp_path: Path) -> None:
    """And a given one may be relative."""
    assert session.paths(None).prefix == str(tmp_path)
    assert session.paths(os.path.relpath(tmp_path)).prefix == str(tmp_path)


def test_absent_prefix_is_refused(session: Session) -> None:
    """Kong's text."""
    with pytest.raises(CommandFailed, match="no such prefix: /nowhere"):
        session.paths("/nowhere")


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "999999999"])
def test_pid_file_without_a_process(session: Session, tmp_path: Path, text: str) -> None:
    """Rubbish, numbers that mean process groups, and processes that are gone are no node."""
    assert session.running(write_pid(tmp_path, text)) is None


def test_other_program_with_the_number_of_a_dead_node(session: Session, tmp_path: Path) -> None:
    """Process 1 lives, but is no node."""
    assert session.running(write_pid(tmp_path, "1")) is None


def test_no_pid_file(session: Session, tmp_path: Path) -> None:
    """No node."""
    with pytest.raises(CommandFailed, match=f"Kong is not running in {tmp_path}"):
        session.require_running(PrefixPaths(str(tmp_path)))
