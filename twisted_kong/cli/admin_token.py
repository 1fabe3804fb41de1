"""``kong admin-token``: who may use the Admin API, for whoever has the database at hand.

So the first token can be made where ``admin_auth = token`` lets nobody in, and one that got into wrong hands
revoked wherever the database is; running nodes follow at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import click

from twisted_kong.cli.console import CommandFailed
from twisted_kong.cli.opened import over_database
from twisted_kong.cli.session import Command, Session, conf_option, pass_session, prefix_option, verbosity
from twisted_kong.core.admin_tokens import TOKEN_FIELD
from twisted_kong.core.changes import Entity
from twisted_kong.db.dao import Written
from twisted_kong.db.database import Database
from twisted_kong.db.kinds.admin_tokens import AdminTokensDao
from twisted_kong.db.terms import Terms

TERMS = Terms("kong admin-token")
DAY = 86400

name_option = click.option("--name", required=True, help="name of the token")


def token_command(name: str, *options: Callable[[Command], Command]) -> Callable[..., click.Command]:
    """A subcommand of this name with its own options and those of every command."""

    def decorate(function: Callable[..., None]) -> click.Command:
        command: Any = pass_session(function)
        for option in (*reversed(options), prefix_option, conf_option, verbosity):
            command = option(command)
        return token.command(name)(command)

    return decorate


@click.group(name="admin-token")
def token() -> None:
    """Make, list and revoke tokens of the Admin API."""


@token_command(
    "create",
    name_option,
    click.option(
        "--role",
        "roles",
        multiple=True,
        required=True,
        metavar="KIND=read|write",
        help="what it may do with a kind of entity, or with all (*); may be repeated",
    ),
    click.option("--days", type=click.IntRange(min=1), help="how long it is good (default: until revoked)"),
)
def create(
    session: Session, conf: str | None, prefix: str | None, name: str, roles: Sequence[str], days: int | None
) -> None:
    """Make a token and print it: it is shown this once."""
    record: dict[str, Any] = {"name": name, "roles": roles_in(roles)}
    if days is not None:
        record["expires_at"] = int(time.time()) + days * DAY
    session.console.say(_over(session, conf, prefix, lambda database: created(database, record)))


@token_command("list")
def list_(session: Session, conf: str | None, prefix: str | None) -> None:
    """List the tokens: name, roles, end and id."""
    for line in _over(session, conf, prefix, listed):
        session.console.say(line)


@token_command("rotate", name_option)
def rotate(session: Session, conf: str | None, prefix: str | None, name: str) -> None:
    """Give a token a new secret and print it; the old one is good for nothing from then on."""
    session.console.say(_over(session, conf, prefix, lambda database: rotated(database, name)))


@token_command("revoke", name_option)
def revoke(session: Session, conf: str | None, prefix: str | None, name: str) -> None:
    """Remove a token: it is good for nothing from then on."""
    _over(session, conf, prefix, lambda database: revoked(database, name))
    session.console.say(f"Token '{name}' revoked")


def roles_in(given: Iterable[str]) -> Mapping[str, str]:
    """Roles as they stand on a command line.

    :raises CommandFailed: for what is not of the form.
    """
    roles: dict[str, str] = {}
    for text in given:
        kind, equals, access = text.partition("=")
        if not (equals and kind) or access not in ("read", "write"):
            raise CommandFailed(f"--role {text}: must be KIND=read or KIND=write, KIND may be *")
        roles[kind] = access
    return roles


async def created(database: Database, record: Mapping[str, Any]) -> str:
    """Make a token; the token itself."""
    return _secret(await _dao(database).insert(record, terms=TERMS))


async def listed(database: Database) -> list[str]:
    """A line for each token."""
    rows = sorted([row async for row in _dao(database).each()], key=lambda row: str(row["name"]))
    return [_line(row) for row in rows]


async def rotated(database: Database, name: str) -> str:
    """Give a token a new secret; the token itself."""
    return _secret(await _dao(database).rotate((await _named(database, name))["id"], terms=TERMS))


async def revoked(database: Database, name: str) -> None:
    """Remove a token."""
    await _dao(database).delete((await _named(database, name))["id"], terms=TERMS)


def _over(
    session: Session,
    conf: str | None,
    prefix: str | None,
    work: Callable[[Database], Coroutine[Any, Any, Any]],
) -> Any:
    return over_database(session.read(conf, prefix), work)


async def _named(database: Database, name: str) -> Entity:
    row = await _dao(database).select_by("name", name)
    if row is None:
        raise CommandFailed(f"there is no token '{name}'")
    return row


def _dao(database: Database) -> AdminTokensDao:
    return cast(AdminTokensDao, database["admin_tokens"])


def _secret(done: Written) -> str:
    return "" if done.entity is None else str(done.entity[TOKEN_FIELD])


def _line(row: Entity) -> str:
    roles = ",".join(f"{kind}={access}" for kind, access in sorted(row["roles"].items()))
    end = row["expires_at"]
    shown = "never" if end is None else datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{row['name']}\t{roles}\t{shown}\t{row['id']}"
