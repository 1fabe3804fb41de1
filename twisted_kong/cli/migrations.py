"""``kong migrations``: the layout of the database.

Kong's two phases exist for clusters on one server: ``up`` adds what a new version needs while old nodes
still run, ``finish`` removes what they needed. The embedded database has only ``up`` steps so far, which a
node also runs by itself at start.
"""

from __future__ import annotations

import json
import sys

import click

from twisted_kong.cli.console import CommandFailed
from twisted_kong.cli.datastore import Datastore, datastore
from twisted_kong.cli.session import Command, Session, conf_option, pass_session, prefix_option, verbosity
from twisted_kong.db.interfaces import MigrationState
from twisted_kong.node.prefix import prepare_directories

NEEDS_BOOTSTRAP = 3
NEW_MIGRATIONS = 5

_QUESTION = "> Are you sure? This operation is irreversible. [y/n] "
_ATTEMPTS = 3


def migration_options(command: Command) -> Command:
    """The options of every ``migrations`` command."""
    for option in (
        click.option("--lock-timeout", type=int, default=60, help="seconds to wait for other migrations"),
        click.option("--db-timeout", type=int, default=60, help="seconds to wait for the database"),
        click.option("-f", "--force", is_flag=True, help="bootstrap: reset the database first"),
        click.option("-q", "--quiet", is_flag=True, help="no output"),
        click.option("-y", "--yes", is_flag=True, help="assume yes"),
        prefix_option,
        conf_option,
        verbosity,
    ):
        command = option(command)
    return command


@click.group()
def migrations() -> None:
    """Bring the database's layout up to date."""


@migrations.command()
@migration_options
@pass_session
def bootstrap(
    session: Session, /, conf: str | None, prefix: str | None, force: bool, quiet: bool, **ignored: object
) -> None:
    """Prepare an empty database."""
    store = _open(session, conf, prefix, quiet, unused=force)
    if force:
        store.reset()
    if store.state().executed:
        session.console.say("Database already bootstrapped")
        return
    session.console.say("Bootstrapping database...")
    _run(session, store)
    session.console.say("Database is up-to-date")


@migrations.command()
@migration_options
@pass_session
def up(session: Session, /, conf: str | None, prefix: str | None, quiet: bool, **ignored: object) -> None:
    """Run the steps that this version adds."""
    store = _open(session, conf, prefix, quiet)
    state = store.state()
    if not state.executed:
        raise CommandFailed(
            "Cannot run migrations: database needs bootstrapping; run 'kong migrations bootstrap'"
        )
    if not state.pending:
        session.console.say("Database is already up-to-date")
        return
    _run(session, store)
    session.console.say("Database is up-to-date")


@migrations.command()
@migration_options
@pass_session
def finish(session: Session, /, conf: str | None, prefix: str | None, quiet: bool, **ignored: object) -> None:
    """Run the steps that remove what older versions needed."""
    state = _open(session, conf, prefix, quiet).state()
    if not state.executed:
        raise CommandFailed(
            "Cannot run migrations: database needs bootstrapping; run 'kong migrations bootstrap'"
        )
    session.console.say("No pending migrations to finish")
    if state.pending:
        session.console.say("New migrations available; run 'kong migrations up' to proceed")


@migrations.command(name="list")
@migration_options
@pass_session
def list_(session: Session, /, conf: str | None, prefix: str | None, quiet: bool, **ignored: object) -> None:
    """List the steps that have run and those to come; the exit code tells which there are."""
    state = _open(session, conf, prefix, quiet).state()
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
@pass_session
def status(session: Session, /, conf: str | None, prefix: str | None, quiet: bool, **ignored: object) -> None:
    """The same as JSON."""
    session.console.say(json.dumps(_report(_open(session, conf, prefix, quiet).state()), indent=2))


@migrations.command()
@migration_options
@pass_session
def reset(
    session: Session, /, conf: str | None, prefix: str | None, yes: bool, quiet: bool, **ignored: object
) -> None:
    """Remove everything from the database."""
    store = _open(session, conf, prefix, quiet, unused=True)
    if not yes and not _is_sure():
        session.console.say("cancelled")
        return
    if not store.state().executed:
        session.console.say("Database not bootstrapped, nothing to reset")
        return
    session.console.say("Resetting database...")
    store.reset()
    session.console.say("Database successfully reset")


def _open(
    session: Session, /, conf: str | None, prefix: str | None, quiet: bool, *, unused: bool = False
) -> Datastore:
    session.console.quiet = quiet
    found = session.read(conf, prefix)
    if unused and session.running(found.paths) is not None:
        raise CommandFailed(
            f"Kong is running in {found.prefix}, and uses the database; run 'kong stop' first"
        )
    store = datastore(found)
    # The embedded database lies below the prefix, which may not be there yet.
    prepare_directories(found)
    return store


def _run(session: Session, store: Datastore) -> None:
    for name in store.migrate():
        session.console.say(f"migrating core on database... {name} (executed)")


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
