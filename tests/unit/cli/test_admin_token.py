"""``kong admin-token``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.kit.deferreds import success_of
from tests.kit.machines import Shell
from tests.kit.stores import core_database
from twisted_kong.core.admin_tokens import digest, has_token_shape
from twisted_kong.core.changes import Entity
from twisted_kong.db.database import Database

Outcome = Callable[..., tuple[int, str, str]]


@pytest.fixture
def database() -> Iterator[Database]:
    """A database in memory."""
    with core_database() as database:
        yield database


@pytest.fixture
def outcome(
    shell: Shell,
    database: Database,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Outcome:
    """Run ``kong admin-token …``: exit code, output, errors."""
    monkeypatch.setattr(
        "twisted_kong.cli.admin_token.over_database", lambda conf, work: success_of(work(database))
    )

    def run(*arguments: str) -> tuple[int, str, str]:
        code = shell.run("admin-token", *arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def row(database: Database, name: str) -> Entity:
    """What is stored of a token."""
    found = success_of(database["admin_tokens"].select_by("name", name))
    assert found is not None
    return found


def test_a_new_token_is_all_that_is_printed(outcome: Outcome, database: Database) -> None:
    """So a script can take it; the log of changes says where it came from."""
    code, out, err = outcome("create", "--name", "ci", "--role", "services=write", "--role", "*=read")
    assert (code, err) == (0, "")
    token = out.removesuffix("\n")
    assert has_token_shape(token)
    stored = row(database, "ci")
    assert stored["token_hash"] == digest(token)
    assert (stored["roles"], stored["expires_at"]) == ({"services": "write", "*": "read"}, None)
    changes = success_of(database.log.history(None, 10)).changes
    assert changes[-1].author == "kong admin-token"


def test_a_token_may_have_an_end(outcome: Outcome, database: Database) -> None:
    """So many days from now."""
    assert outcome("create", "--name", "ci", "--role", "*=read", "--days", "2")[0] == 0
    assert row(database, "ci")["expires_at"] == pytest.approx(time.time() + 2 * 86400, abs=60)


def test_tokens_are_listed_without_what_they_are(outcome: Outcome, database: Database) -> None:
    """By name, with roles, end and id."""
    for name, role in (("b", "*=write"), ("a", "routes=read")):
        outcome("create", "--name", name, "--role", role)
    success_of(database["admin_tokens"].update_by("name", "a", {"expires_at": 1_800_000_000}))
    code, out, _ = outcome("list")
    assert code == 0
    assert out.splitlines() == [
        f"a\troutes=read\t2027-01-15T08:00:00Z\t{row(database, 'a')['id']}",
        f"b\t*=write\tnever\t{row(database, 'b')['id']}",
    ]


def test_a_rotated_token_is_printed_anew(outcome: Outcome, database: Database) -> None:
    """And is the only one that is good."""
    _, old, _ = outcome("create", "--name", "ci", "--role", "*=read")
    code, new, _ = outcome("rotate", "--name", "ci")
    assert (code, old == new) == (0, False)
    assert row(database, "ci")["token_hash"] == digest(new.strip())


def test_a_revoked_token_is_gone(outcome: Outcome, database: Database) -> None:
    """A second time there is nothing to revoke, which is an error: the name may be misspelt."""
    outcome("create", "--name", "ci", "--role", "*=read")
    assert outcome("revoke", "--name", "ci")[:2] == (0, "Token 'ci' revoked\n")
    assert success_of(database["admin_tokens"].select_by("name", "ci")) is None
    code, _, err = outcome("revoke", "--name", "ci")
    assert code == 1
    assert "there is no token 'ci'" in err


@pytest.mark.parametrize("role", ["services", "=read", "services=rw", "services="])
def test_a_role_has_a_form(outcome: Outcome, role: str) -> None:
    """What it must be is told."""
    code, _, err = outcome("create", "--name", "ci", "--role", role)
    assert code == 1
    assert f"--role {role}: must be KIND=read or KIND=write" in err
