"""``kong config``: files, texts and exit codes are Kong's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.kit.declarative import Gateway
from tests.kit.deferreds import success_of
from tests.kit.machines import Shell
from twisted_kong.cli.config import INTERVAL, Telling
from twisted_kong.cli.console import Console

Outcome = Callable[..., tuple[int, str, str]]
GOOD = '_format_version: "3.0"\nservices:\n- name: a\n  host: h\n  routes:\n  - name: r\n    paths: [/]\n'
BAD = '_format_version: "3.0"\nservices:\n- name: a\n  host: h\n- port: -1\nx: 1\n'


@pytest.fixture
def gateway() -> Gateway:
    """A database in memory."""
    return Gateway()


@pytest.fixture
def outcome(
    shell: Shell,
    gateway: Gateway,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Outcome:
    """Run ``kong config …`` in an empty directory: exit code, output, errors."""
    monkeypatch.setattr(
        "twisted_kong.cli.config.over_database", lambda conf, work: success_of(work(gateway.database))
    )
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = shell.run("config", *arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_init_writes_an_example_once(outcome: Outcome, tmp_path: Path) -> None:
    """It can be read, and is not written over."""
    assert outcome("init") == (0, "", "")
    assert yaml.safe_load((tmp_path / "kong.yml").read_text()) == {
        "_format_version": "3.0",
        "_transform": True,
    }
    code, _, err = outcome("init")
    assert code == 1
    assert f"Error: {tmp_path}/kong.yml already exists.\nWill not overwrite it.\n" in err
    assert outcome("init", "other.yml")[0] == 0
    assert outcome("parse", "other.yml")[:2] == (0, "parse successful\n")


def test_parse_only_checks(outcome: Outcome, gateway: Gateway, tmp_path: Path) -> None:
    """Whatever is wrong is told at once, where it stands."""
    (tmp_path / "good.yml").write_text(GOOD)
    assert outcome("parse", "good.yml") == (0, "parse successful\n", "")
    assert gateway.rows("services") == []
    (tmp_path / "bad.yml").write_text(BAD)
    code, out, err = outcome("parse", "bad.yml")
    assert (code, out) == (1, "")
    assert err.startswith(
        "Error: Failed parsing:\n"
        "in 'services':\n"
        "  - in entry 2 of 'services':\n"
        "    in 'host': required field missing\n"
        "    in 'port': value should be between 0 and 65535\n"
        "in 'x': unknown field\n"
    )
    (tmp_path / "worse.yml").write_text("a: [")
    assert "failed parsing declarative configuration: " in outcome("parse", "worse.yml")[2]


def test_a_file_is_expected(outcome: Outcome) -> None:
    """Kong: these words; and one that is there."""
    for command in ("parse", "db_import"):
        assert "expected a declarative configuration file; see `kong config --help`" in outcome(command)[2]
        code, _, err = outcome(command, "nowhere.yml")
        assert code == 1
        assert "No such file" in err


@pytest.mark.parametrize("command", ["parse", "db_import"])
def test_a_file_that_cannot_be_read(outcome: Outcome, tmp_path: Path, command: str) -> None:
    """Which it is, and why; no traceback, no number of an error."""
    code, out, err = outcome(command, "nofile.yml")
    assert (code, out) == (1, "")
    assert f"Error: cannot read {tmp_path}/nofile.yml: No such file or directory\n" in err
    assert outcome(command, ".")[2].startswith(f"Error: cannot read {tmp_path}: Is a directory\n")


def test_import(outcome: Outcome, gateway: Gateway, tmp_path: Path) -> None:
    """Kong: these words; nothing is removed. The log says where it came from."""
    gateway.insert("consumers", username="u")
    (tmp_path / "good.yml").write_text(GOOD)
    expected = "parse successful, beginning import\nimport successful\n"
    assert outcome("db_import", "good.yml") == (0, expected, "")
    assert [row["name"] for row in gateway.rows("routes")] == ["r"]
    assert len(gateway.rows("consumers")) == 1
    changes = success_of(gateway.database.log.history(None, 10)).changes
    assert changes[-1].author == "kong config db_import"
    assert outcome("db-import", "good.yml", "--v")[2].endswith("0 created, 0 updated, 0 deleted\n")


def test_import_that_removes(outcome: Outcome, gateway: Gateway, tmp_path: Path) -> None:
    """Only with ``--sync``, and then what is selected."""
    for name in ("mine", "theirs"):
        gateway.insert("consumers", username=name, tags=[name])
    (tmp_path / "good.yml").write_text(GOOD)
    assert outcome("db_import", "good.yml", "--sync", "--select-tags", "mine")[0] == 0
    assert [row["username"] for row in gateway.rows("consumers")] == ["theirs"]


def test_a_refused_import_writes_nothing(outcome: Outcome, gateway: Gateway, tmp_path: Path) -> None:
    """And does not say that it began."""
    (tmp_path / "bad.yml").write_text(BAD)
    code, out, err = outcome("db_import", "bad.yml")
    assert (code, out) == (1, "")
    assert "in entry 2 of 'services'" in err
    assert gateway.rows("services") == []


def test_export(outcome: Outcome, gateway: Gateway, tmp_path: Path) -> None:
    """To a file that is new and only for its owner, or to standard output; in either format."""
    gateway.apply({"services": [{"name": "a", "host": "h", "routes": [{"name": "r", "paths": ["/"]}]}]})
    assert outcome("db_export") == (0, "", "")
    file = tmp_path / "kong.yml"
    assert file.stat().st_mode & 0o777 == 0o600
    document = yaml.safe_load(file.read_text())
    assert document["_transform"] is False
    assert document["routes"][0]["service"] == document["services"][0]["id"]
    code, _, err = outcome("db_export", "kong.yml")
    assert code == 1
    assert f"{file} already exists. Will not overwrite it." in err
    code, out, _ = outcome("db_export", "--format", "deck", "-")
    assert yaml.safe_load(out)["services"][0]["routes"][0]["name"] == "r"
    assert (
        "id" in yaml.safe_load(outcome("db_export", "--format", "deck", "--with-id", "-")[1])["services"][0]
    )


def test_progress_is_told_about_every_second(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, so that the output stays as Kong's."""
    now = [0.0]
    telling = Telling(Console(), lambda: now[0])
    for done in range(10):
        now[0] += INTERVAL / 4
        telling.tell("checking", done, 10)
    telling.tell("writing", 0, 10)
    now[0] += INTERVAL
    telling.tell("writing", 0, 0)
    captured = capsys.readouterr()
    assert captured.err.splitlines() == ["checking: 3/10", "checking: 7/10"]
    assert captured.out == "parse successful, beginning import\n"
