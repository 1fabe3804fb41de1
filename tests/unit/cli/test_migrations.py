"""``kong migrations``."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.machines import Shell
from twisted_kong.db.interfaces import MigrationState

Outcome = Callable[..., tuple[int, str]]


class StubDatastore:
    """A database whose steps are names."""

    def __init__(self, executed: tuple[str, ...], pending: tuple[str, ...]) -> None:
        self.executed, self.pending = executed, pending

    def state(self) -> MigrationState:
        return MigrationState(self.executed, self.pending)

    def migrate(self) -> tuple[str, ...]:
        ran, self.executed, self.pending = self.pending, self.executed + self.pending, ()
        return ran

    def reset(self) -> None:
        self.executed, self.pending = (), self.executed + self.pending


@pytest.fixture
def outcome(shell: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Run ``kong migrations …`` on a database with these steps; exit code and output."""

    def run(
        *arguments: str, executed: tuple[str, ...] = (), pending: tuple[str, ...] = ()
    ) -> tuple[int, str]:
        store = StubDatastore(executed, pending)
        monkeypatch.setattr("twisted_kong.cli.migrations.datastore", lambda conf, **timeouts: store)
        code = shell.run("migrations", *arguments)
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def test_bootstrap(outcome: Outcome) -> None:
    """An empty database gets every step."""
    code, text = outcome("bootstrap", pending=("0001_a", "0002_b"))
    assert code == 0
    assert text.splitlines() == [
        "Bootstrapping database...",
        "migrating core on database... 0001_a (executed)",
        "migrating core on database... 0002_b (executed)",
        "Database is up-to-date",
    ]


def test_bootstrap_twice(outcome: Outcome) -> None:
    """Kong's text, no error."""
    assert outcome("bootstrap", executed=("0001_a",)) == (0, "Database already bootstrapped\n")


def test_forced_bootstrap_resets_first(outcome: Outcome) -> None:
    """-f begins anew."""
    code, text = outcome("bootstrap", "-f", executed=("0001_a",))
    assert code == 0
    assert "Bootstrapping database..." in text


def test_quiet(outcome: Outcome) -> None:
    """-q says nothing."""
    assert outcome("bootstrap", "-q", pending=("0001_a",)) == (0, "")


def test_up(outcome: Outcome) -> None:
    """New steps run, none is fine, an empty database is an error."""
    assert outcome("up", executed=("0001_a",), pending=("0002_b",)) == (
        0,
        "migrating core on database... 0002_b (executed)\nDatabase is up-to-date\n",
    )
    assert outcome("up", executed=("0001_a",)) == (0, "Database is already up-to-date\n")
    code, text = outcome("up", pending=("0001_a",))
    assert code == 1
    assert "run 'kong migrations bootstrap'" in text


def test_finish(outcome: Outcome) -> None:
    """There are no steps of this kind; new ones are told of."""
    assert outcome("finish", executed=("0001_a",)) == (0, "No pending migrations to finish\n")
    assert "New migrations available" in outcome("finish", executed=("0001_a",), pending=("0002_b",))[1]
    assert outcome("finish")[0] == 1


def test_list(outcome: Outcome) -> None:
    """The exit code tells: 0 nothing to do, 3 needs bootstrapping, 5 new ones."""
    assert outcome("list", executed=("0001_a",)) == (0, "Executed migrations:\n       core: 0001_a\n")
    assert outcome("list", pending=("0001_a",))[0] == 3
    code, text = outcome("list", executed=("0001_a",), pending=("0002_b",))
    assert code == 5
    assert "New migrations:\n       core: 0002_b" in text


def test_status(outcome: Outcome) -> None:
    """The same for programs."""
    assert json.loads(outcome("status", pending=("0001_a",))[1]) == {"needs_bootstrap": True}
    code, text = outcome("status", executed=("0001_a",), pending=("0002_b",))
    assert code == 0
    assert json.loads(text) == {
        "needs_bootstrap": False,
        "executed_migrations": [
            {"subsystem": "core", "namespace": "twisted_kong.db", "migrations": ["0001_a"]}
        ],
        "new_migrations": [{"subsystem": "core", "namespace": "twisted_kong.db", "migrations": ["0002_b"]}],
    }


def test_timeouts(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are honoured; Kong's default is a minute."""
    seen: list[dict[str, float]] = []

    def datastore(conf: object, **timeouts: float) -> StubDatastore:
        seen.append(timeouts)
        return StubDatastore(("0001_a",), ())

    monkeypatch.setattr("twisted_kong.cli.migrations.datastore", datastore)
    assert shell.run("migrations", "up") == 0
    assert shell.run("migrations", "up", "--db-timeout", "3", "--lock-timeout", "0") == 0
    assert seen == [{"db_timeout": 60, "lock_timeout": 60}, {"db_timeout": 3, "lock_timeout": 0}]
    assert shell.run("migrations", "up", "--db-timeout", "0") == 1


class Terminal(io.StringIO):
    """A terminal with prepared answers."""

    def isatty(self) -> bool:
        return True


def test_reset_asks(outcome: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    """Yes, no, and three times neither."""
    for answers, text in (
        ("y\n", "Database successfully reset"),
        ("n\n", "cancelled"),
        ("x\nx\nx\n", "cancelled"),
        ("x\nyes\n", "Database successfully reset"),
    ):
        monkeypatch.setattr("sys.stdin", Terminal(answers))
        code, output = outcome("reset", executed=("0001_a",))
        assert code == 0
        assert text in output


def test_reset_without_terminal_needs_a_flag(outcome: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is destroyed by a script that did not say so."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    code, text = outcome("reset", executed=("0001_a",))
    assert code == 1
    assert "--yes" in text
    assert outcome("reset", "-y", executed=("0001_a",))[0] == 0


def test_reset_of_nothing(outcome: Outcome) -> None:
    """Kong's text."""
    assert outcome("reset", "-y") == (0, "Database not bootstrapped, nothing to reset\n")


def test_real_database(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The embedded database, from nothing and back; its file is below the prefix."""
    assert shell.run("migrations", "list") == 3
    assert not Path(shell.prefix / "kong.sqlite").exists()
    assert shell.run("migrations", "bootstrap") == 0
    assert shell.run("migrations", "list") == 0
    assert shell.run("migrations", "reset", "-y") == 0
    assert shell.run("migrations", "list") == 3


@pytest.mark.parametrize("command", [["reset", "-y"], ["bootstrap", "--force"]])
def test_nothing_is_removed_under_a_node(
    shell: Shell, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """A node that runs would go on with what it remembers of a database that is no more."""
    assert shell.run("migrations", "bootstrap") == 0
    shell.node_runs()
    assert shell.run("migrations", *command) == 1
    assert f"Error: Kong is running in {shell.prefix}, and uses the database" in capsys.readouterr().err
    assert shell.run("migrations", "list") == 0


def test_damaged_database_is_one_line(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback."""
    shell.prefix.mkdir()
    (shell.prefix / "kong.sqlite").write_bytes(b"no database" * 100)
    assert shell.run("migrations", "up") == 1
    assert "is not a database" in capsys.readouterr().err.splitlines()[0]


def test_other_databases_are_not_available(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The same words as at start."""
    shell.configure("database = cassandra")
    assert shell.run("migrations", "bootstrap") == 1
    assert "database = cassandra is not available in this version yet" in capsys.readouterr().err
