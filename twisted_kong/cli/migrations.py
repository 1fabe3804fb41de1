"""``kong migrations``: the layout of the database.

Kong's two phases exist for clusters on one server: ``up`` adds what a new version needs while old nodes
still run, ``finish`` removes what they needed. There are only ``up`` steps so far. With the embedded database
a node runs them by itself at start.

Any number of commands may run at once: one does the work, the others wait for it and find it done.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from twisted_kong.cli.console import CommandFailed
from twisted_kong.cli.datastore import Datastore, datastore, db_timeout_option, lock_timeout_option
from twisted_kong.cli.session import Session, conf_option, pass_session, prefix_option, verbosity
from twisted_kong.db.interfaces import MigrationState
from twisted_kong.node.prefix import prepare_directories

NEEDS_BOOTSTRAP = 3
NEW_MIGRATIONS = 5

_QUESTION = "> Are you sure? This operation is irreversible. [y/n] "
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What every ``migrations`` command is told; times in seconds."""

    conf: str | None
    prefix: str | None
    yes: bool
    quiet: bool
    force: bool
    db_timeout: int
    lock_timeout: int


def migration_options(command: Callable[[Session, Options], None]) -> Callable[..., None]:
    """Give a command its session and the options of every ``migrations`` command."""

    @pass_session
    @wraps(command)
    def with_options(session: Session, /, **given: Any) -> None:
        command(session, Options(**given))

    for option in (
        lock_timeout_option,
        db_timeout_option("seconds that the database may take to answer"),
        click.option("-f", "--force", is_flag=True, help="bootstrap: reset the database first"),
        click.option("-q", "--quiet", is_flag=True, help="no output"),
        click.option("-y", "--yes", is_flag=True, help="assume yes"),
        prefix_option,
        conf_option,
        verbosity,
    ):
        with_options = option(with_options)
    return with_options


@click.group()
def migrations() -> None:
    """Bring the database's layout up to date."""


@migrations.command()
@migration_options
def bootstrap(session: Session, options: Options) -> None:
    """Prepare an empty database."""
    store = _open(session, options, unused=options.force)
    if options.force:
        store.reset()
    if store.state().executed:
        session.console.say("Database already bootstrapped")
        return
    session.console.say("Bootstrapping database...")
    _run(session, store)
    session.console.say("Database is up-to-date")


@migrations.command()
@migration_options
def up(session: Session, options: Options) -> None:
    """Run the steps that this version adds."""
    store = _open(session, options)
    state = store.state()
    if not state.executed:
        raise CommandFailed(
            "Cannot run migrations: database needs bootstrapping; run 'kong migrations bootstrap'"
        )
    # there may be something to repair where no step is pending
    ran = _run(session, store)
    session.console.say(
        "Database is up-to-date" if ran or state.pending else "Database is already up-to-date"
    )


@migrations.command()
@migration_options
def finish(session: Session, options: Options) -> None:
    """Run the steps that remove what older versions needed."""
    state = _open(session, options).state()
    if not state.executed:
        raise CommandFailed(
            "Cannot run migrations: database needs bootstrapping; run 'kong migrations bootstrap'"
        )
    session.console.say("No pending migrations to finish")
    if state.pending:
        session.console.say("New migrations available; run 'kong migrations up' to proceed")


@migrations.command(name="list")
@migration_options
def list_(session: Session, options: Options) -> None:
    """List the steps that have run and those to come; the exit code tells which there are."""
    state = _open(session, options).state()
    if not state.executed:
        session.console.say("Database needs bootstrapping; run 'kong migrations bootstrap'")
        raise CommandFailed("needs bootstrapping", NEEDS_BOOTSTRAP, silent=True)
    session.console.say("Executed migrations:")
    session.console.say(_listed(state.executed))
    if state.pending:
        session.console.say("\nNew migrations:")
        session.console.say(_listed(state.pending))
        session.console.say("\nNew migrations available; run 'kong migrations up' to proceed")
        raise CommandFailed("new migrations", NEW_MIGRATIONS, silent=True)


@migrations.command()
@migration_options
def status(session: Session, options: Options) -> None:
    """The same as JSON."""
    session.console.say(json.dumps(_report(_open(session, options).state()), indent=2))


@migrations.command()
@migration_options
def reset(session: Session, options: Options) -> None:
    """Remove everything from the database."""
    store = _open(session, options, unused=True)
    if not options.yes and not _is_sure():
        session.console.say("cancelled")
        return
    if not store.state().executed:
        session.console.say("Database not bootstrapped, nothing to reset")
        return
    session.console.say("Resetting database...")
    store.reset()
    session.console.say("Database successfully reset")


def _open(session: Session, options: Options, *, unused: bool = False) -> Datastore:
    session.console.quiet = options.quiet
    found = session.read(options.conf, options.prefix)
    if unused and session.running(found.paths) is not None:
        raise CommandFailed(
            f"Kong is running in {found.prefix}, and uses the database; run 'kong stop' first"
        )
    if found.database == "sqlite" or found.pg_ssl_verify:
        # The embedded database lies below the prefix, which may not be there yet; as do authorities.
        prepare_directories(found)
    return datastore(found, db_timeout=options.db_timeout, lock_timeout=options.lock_timeout)


def _run(session: Session, store: Datastore) -> tuple[str, ...]:
    ran = store.migrate()
    for name in ran:
        session.console.say(f"migrating core on database... {name} (executed)")
    return ran


def _listed(names: tuple[str, ...]) -> str:
    return f"       core: {', '.join(names)}"


def _report(state: MigrationState) -> dict[str, object]:
    needs_bootstrap = not state.executed
    report: dict[str, object] = {"needs_bootstrap": needs_bootstrap}
    if state.executed:
        report["executed_migrations"] = _block(state.executed)
    if state.pending and not needs_bootstrap:
        report["new_migrations"] = _block(state.pending)
    return report


def _block(names: tuple[str, ...]) -> list[dict[str, object]]:
    return [{"subsystem": "core", "namespace": "twisted_kong.db", "migrations": list(names)}]


def _is_sure() -> bool:
    if not sys.stdin.isatty():
        raise CommandFailed("not a tty: invoke 'reset' non-interactively with the --yes flag")
    for _ in range(_ATTEMPTS):
        answer = input(_QUESTION).strip().lower()
        if answer in ("y", "yes", "n", "no"):
            return answer.startswith("y")
    return False
