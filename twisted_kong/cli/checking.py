"""``kong check``, ``version`` and ``vault get``: commands that need no node."""

from __future__ import annotations

import platform
from importlib.metadata import version as version_of

import click

from twisted_kong.cli.console import CommandFailed
from twisted_kong.cli.datastore import datastore
from twisted_kong.cli.session import Session, conf_option, pass_session, prefix_option, verbosity
from twisted_kong.core.changes import Entity
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.core.conf.vaults import configured_vaults
from twisted_kong.core.vaults import UnresolvedReference, full_reference, parse_reference

KONG_VERSION = "3.9.1"
"""The version of Kong that this node stands in for."""


@click.command()
@verbosity
@click.argument("conf", required=False)
@pass_session
def check(session: Session, conf: str | None) -> None:
    """Check a configuration file, default /etc/kong/kong.conf."""
    path = conf or session.machine.default_files[0]
    try:
        session.read_usable(path, None)
    except ConfError as error:
        for problem in error.problems:
            session.console.fault(str(problem))
        raise CommandFailed(f"configuration at {path} is invalid", silent=True) from None
    session.console.say(f"configuration at {path} is valid")


@click.command()
@verbosity
@click.option("-a", "--all", "everything", is_flag=True, help="also the versions of what the node runs on")
@pass_session
def version(session: Session, everything: bool) -> None:
    """Print the version of Kong that this node stands in for."""
    if not everything:
        session.console.say(KONG_VERSION)
        return
    session.console.say(f"Kong: {KONG_VERSION}")
    session.console.say(f"twisted_kong: {version_of('twisted_kong')}")
    session.console.say(f"Twisted: {version_of('twisted')}")
    session.console.say(f"Python: {platform.python_version()}")


@click.group()
def vault() -> None:
    """Look up secrets."""


@vault.command()
@verbosity
@conf_option
@prefix_option
@click.argument("reference")
@pass_session
def get(session: Session, reference: str, conf: str | None, prefix: str | None) -> None:
    """Print what a reference such as env/my-secret, or that of a Vault entity, stands for."""
    found = session.read(conf, prefix)
    full = full_reference(reference)
    vaults = configured_vaults(found, session.machine.environment)
    try:
        inside = parse_reference(full).vault in vaults.installed
        value = vaults.resolve(full, {} if inside else _entities(found))
    except UnresolvedReference as why:
        raise CommandFailed(str(why)) from None
    session.console.say(value)


def _entities(conf: Conf) -> dict[str, Entity]:
    """The Vault entities by their prefix; DatabaseError if the database cannot be read."""
    return {row["prefix"]: row for row in datastore(conf).entities("vaults")}
