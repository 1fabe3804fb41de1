"""Configuration from files, the environment and the working directory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from twisted_kong.core.conf.problems import ConfError
from twisted_kong.node.configuration import ConfSource, personal_prefix, read_text


@pytest.fixture
def conf_file(tmp_path: Path) -> Path:
    """A kong.conf that sets a prefix of its own."""
    path = tmp_path / "kong.conf"
    path.write_text("prefix = k\nlog_level = info\n")
    return path


def test_given_file_is_read(conf_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative prefix in it is below the working directory, as in Kong."""
    monkeypatch.chdir(conf_file.parent)
    conf = ConfSource(str(conf_file)).read({}).conf
    assert conf.prefix == str(conf_file.parent / "k")
    assert conf.log_level == "info"


def test_missing_file_is_told_in_kongs_words(tmp_path: Path) -> None:
    """A path that was given must exist."""
    with pytest.raises(ConfError, match=f"no file at: {tmp_path}/x"):
        ConfSource(f"{tmp_path}/x").read({})


def test_first_default_file_is_read_where_none_is_given(conf_file: Path) -> None:
    """Of the default files the first that exists counts, and none need exist."""
    files = ("/nowhere/kong.conf", str(conf_file))
    assert ConfSource().read({}, files).conf.log_level == "info"
    assert ConfSource().read({}, ("/nowhere/kong.conf",)).conf.log_level == "notice"


def test_errors_name_the_file(conf_file: Path) -> None:
    """The path as it was given, and the line."""
    conf_file.write_text("\nlog_level = loud\n")
    with pytest.raises(ConfError) as error:
        ConfSource(str(conf_file)).read({})
    assert str(error.value).startswith(f"{conf_file}:2: log_level has an invalid value: 'loud'")


def test_merged_settings_are_the_only_source(conf_file: Path) -> None:
    """What kong start merged must not be mixed with the environment again, but references need it."""
    conf_file.write_text("prefix = /k\npg_password = {vault://env/pw}\n")
    conf = ConfSource(str(conf_file), merged=True).read({"KONG_LOG_LEVEL": "debug", "PW": "x"}).conf
    assert conf.log_level == "notice"
    assert conf.pg_password is not None
    assert conf.pg_password.reveal() == "x"


def test_options_win(conf_file: Path) -> None:
    """The command line is the last word."""
    assert ConfSource(str(conf_file), {"prefix": "/x"}).read({"KONG_PREFIX": "/y"}).conf.prefix == "/x"


def test_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    """One line, no traceback."""
    path = tmp_path / "kong.conf"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfError, match="it is not UTF-8 text"):
        read_text(str(path))
    with pytest.raises(ConfError, match="Is a directory"):
        read_text(str(tmp_path))


def test_system_prefix_is_used_where_it_can_be_written(tmp_path: Path) -> None:
    """Existing or to be made."""
    assert personal_prefix({"HOME": "/home/me"}, str(tmp_path)) is None
    assert personal_prefix({"HOME": "/home/me"}, str(tmp_path / "kong")) is None


def test_personal_prefix_for_someone_who_cannot_write_it() -> None:
    """Below XDG_STATE_HOME or the home directory; without either there is none."""
    system = "/proc/nowhere/kong"
    assert personal_prefix({"HOME": "/home/me"}, system) == "/home/me/.local/state/kong"
    assert personal_prefix({"HOME": "/home/me", "XDG_STATE_HOME": "/s"}, system) == "/s/kong"
    assert personal_prefix({"XDG_STATE_HOME": "relative"}, system) is None


def test_personal_prefix_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody should have to search for their files."""
    monkeypatch.setattr("twisted_kong.node.configuration.SYSTEM_PREFIX", "/proc/nowhere/kong")
    loaded = ConfSource().read({"HOME": "/home/me"}, ())
    assert loaded.conf.prefix == "/home/me/.local/state/kong"
    assert [str(warning) for warning in loaded.warnings] == [
        "/proc/nowhere/kong cannot be written, the prefix is /home/me/.local/state/kong instead"
    ]


def test_given_prefix_is_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who chose a prefix gets it or an error."""
    monkeypatch.setattr("twisted_kong.node.configuration.SYSTEM_PREFIX", "/proc/nowhere/kong")
    loaded = ConfSource(options={"prefix": "/x"}).read({"HOME": "/home/me"}, ())
    assert loaded.conf.prefix == "/x"
    assert loaded.warnings == ()
    assert os.path.isabs(loaded.conf.prefix)
