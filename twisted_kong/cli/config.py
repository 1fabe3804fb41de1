"""``kong config``: a declarative file made, checked, written into the database and read out of it.

The database is used directly, so no node need run; nodes that do follow what is imported through the log of
changes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import click
from twisted.internet.task import Clock
from typing_extensions import override

from twisted_kong.cli.console import CommandFailed, Console
from twisted_kong.cli.opened import over_database
from twisted_kong.cli.session import Command, Session, conf_option, pass_session, prefix_option, verbosity
from twisted_kong.cli.starting import settings_below
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.declarative.explaining import explained
from twisted_kong.core.declarative.problems import DeclarativeConfig
from twisted_kong.db.database import Database
from twisted_kong.db.declarative.exporting import Exporter, Format
from twisted_kong.db.declarative.importing import Importer
from twisted_kong.db.declarative.options import Options
from twisted_kong.db.transaction import run_unsuspended

DEFAULT_FILE = "kong.yml"
AUTHOR = "kong config db_import"
# Stands for standard output.
STANDARD = "-"
# Seconds between two lines about the progress.
INTERVAL = 1.0

_MISSING = "expected a declarative configuration file; see `kong config --help`"

SAMPLE = """\
# A configuration of Kong as one file. `kong config db_import kong.yml` writes it into the database,
# `kong config parse kong.yml` only checks it.

# Which format this is.
_format_version: "3.0"

# Whether passwords and the like are given in clear, and are to be hashed as they are stored.
_transform: true

# Entities stand in lists of their kind; what belongs to one alone may be nested in it.
#
# services:
# - name: orders
#   url: http://orders.internal:8080
#   routes:
#   - name: orders
#     paths:
#     - /orders
#   plugins:
#   - name: key-auth
#
# consumers:
# - username: alice
#   keyauth_credentials:
#   - key: a-secret-of-alice
#
# An entity refers to another one by name or id.
#
# plugins:
# - name: rate-limiting
#   service: orders
#   config:
#     minute: 60
#     policy: local
"""


class _Group(click.Group):
    """Kong: ``db-import`` is ``db_import``."""

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name.replace("-", "_"))


@click.group(cls=_Group)
def config() -> None:
    """Use declarative configuration files."""


def config_options(command: Command) -> Command:
    """Give a command the options of every ``config`` command."""
    for option in (
        click.option("--nginx-conf", expose_value=False, help="ignored: there is no nginx"),
        prefix_option,
        conf_option,
        verbosity,
    ):
        command = option(command)
    return command


@config.command()
@config_options
@click.argument("file", default=DEFAULT_FILE)
@pass_session
def init(session: Session, /, conf: str | None, prefix: str | None, file: str) -> None:
    """Write an example to FILE, by default kong.yml."""
    _write_new(file, SAMPLE, "{file} already exists.\nWill not overwrite it.")


@config.command()
@config_options
@click.argument("file", required=False)
@pass_session
def parse(session: Session, /, conf: str | None, prefix: str | None, file: str | None) -> None:
    """Check FILE without writing anything; all that is wrong with it is told."""
    text = _read(file)
    found = _conf(session, conf, prefix)
    database = empty_database(found)
    importer = Importer(database, database.clock)

    async def check() -> None:
        await importer.plan(await importer.parse(text), Options())

    _explained(lambda: run_unsuspended(check()), "Failed parsing")
    session.console.say("parse successful")


@config.command(name="db_import")
@config_options
@click.option("--sync", is_flag=True, help="also remove what the file does not hold")
@click.option("--select-tags", default="", help="with --sync: remove only what bears all of these tags")
@click.argument("file", required=False)
@pass_session
def db_import(
    session: Session,
    /,
    conf: str | None,
    prefix: str | None,
    file: str | None,
    sync: bool,
    select_tags: str,
) -> None:
    """Write FILE into the database, in one transaction."""
    text = _read(file)
    tags = tuple(tag for tag in select_tags.split(",") if tag)
    options = Options("sync" if sync else "upsert", tags, AUTHOR)
    telling = Telling(session.console, time.monotonic)

    async def work(database: Database) -> str:
        importer = Importer(database, database.clock)
        done = await importer.apply(await importer.parse(text), options, telling.tell)
        counts = [sum(draft.operation == each for draft in done.drafts) for each in _OPERATIONS]
        return "{} created, {} updated, {} deleted".format(*counts)

    summary = _explained(lambda: over_database(_conf(session, conf, prefix), work), "Failed parsing")
    telling.checked()
    session.console.step(summary)
    session.console.say("import successful")


@config.command(name="db_export")
@config_options
@click.option("--format", "form", type=click.Choice(["kong", "deck"]), default="kong", help="of the file")
@click.option("--with-id", is_flag=True, help="deck: keep the ids of what has a name")
@click.argument("file", default=DEFAULT_FILE)
@pass_session
def db_export(
    session: Session, /, conf: str | None, prefix: str | None, file: str, form: Format, with_id: bool
) -> None:
    """Write what the database holds to FILE, by default kong.yml; - is standard output."""
    if file != STANDARD:
        _refuse_existing(file, "{file} already exists. Will not overwrite it.")

    async def work(database: Database) -> str:
        return await Exporter(database, database.clock).text(form, ids=with_id)

    text = over_database(_conf(session, conf, prefix), work)
    if file == STANDARD:
        click.echo(text, nl=False)
    else:
        _write_new(file, text, "{file} already exists. Will not overwrite it.")


_OPERATIONS = ("create", "update", "delete")


class Telling:
    """Tells how far an import is, on standard error, about every second.

    :param monotonic: seconds of a clock that only goes on.
    """

    def __init__(self, console: Console, monotonic: Callable[[], float]) -> None:
        self._console, self._monotonic = console, monotonic
        self._told = monotonic()
        self._checked = False

    def tell(self, phase: str, done: int, total: int) -> None:
        """It has got so far."""
        if phase in ("comparing", "writing"):
            self.checked()
        now = self._monotonic()
        if total and now - self._told >= INTERVAL:
            self._told = now
            click.echo(f"{phase}: {done}/{total}", err=True)

    def checked(self) -> None:
        """The file was found to be good."""
        if not self._checked:
            self._checked = True
            self._console.say("parse successful, beginning import")


def empty_database(conf: Conf) -> Database:
    """A database in memory with the kinds that a configuration knows, to check a file against."""
    # Imported late: all of the node comes with it, and most commands need none.
    from twisted_kong.core.schema.registry import build_schemas
    from twisted_kong.db.database import Ids
    from twisted_kong.db.strategies.memory import MemoryStrategy
    from twisted_kong.service.build import loaded_plugins

    clock = Clock()
    clock.advance(time.time())
    schemas = build_schemas(loaded_plugins(conf).definitions, conf.router_flavor)
    # What is made there is forgotten, so nothing need be unique beyond it.
    ids = Ids(lambda: "00000000-0000-4000-8000-000000000000", lambda: "0" * 32, "check")
    database = Database(MemoryStrategy(clock, lambda: "0" * 8), schemas, clock, ids)
    run_unsuspended(database.start())
    return database


def _conf(session: Session, conf: str | None, prefix: str | None) -> Conf:
    """Kong: what was started below the prefix counts, if anything was."""
    found = session.read(conf, prefix)
    if os.path.exists(found.paths.kong_env):
        return settings_below(session, found.paths) or found
    return found


def _explained(work: Callable[[], Any], heading: str) -> Any:
    try:
        return work()
    except DeclarativeConfig as error:
        raise CommandFailed(f"{heading}:\n{explained(error.fields or {})}") from None


def _read(file: str | None) -> bytes:
    if file is None:
        raise CommandFailed(_MISSING)
    if file == STANDARD:
        return sys.stdin.buffer.read()
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise CommandFailed(f"cannot read {os.path.abspath(file)}: {error.strerror}") from None


def _refuse_existing(file: str, text: str) -> None:
    path = os.path.abspath(file)
    if os.path.lexists(path):
        raise CommandFailed(text.format(file=path))


def _write_new(file: str, content: str, refusal: str) -> None:
    path = os.path.abspath(file)
    try:
        # It holds secrets: only the owner may read it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandFailed(refusal.format(file=path)) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(content)
