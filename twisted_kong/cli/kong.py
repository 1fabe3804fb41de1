"""The command ``kong`` itself: its subcommands, and how their failures become exit codes."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from twisted_kong.cli.admin_token import token
from twisted_kong.cli.checking import check, vault, version
from twisted_kong.cli.config import config
from twisted_kong.cli.console import CommandFailed
from twisted_kong.cli.launching import StartFailed
from twisted_kong.cli.machine import Machine
from twisted_kong.cli.migrations import migrations
from twisted_kong.cli.session import Session, verbosity
from twisted_kong.cli.starting import prepare, reload, restart, start
from twisted_kong.cli.stopping import health, quit_, stop
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.core.errors import EntityError
from twisted_kong.node.prefix import PrefixError

# Failures that one line explains.
EXPLAINED = (CommandFailed, ConfError, PrefixError, StartFailed, EntityError, OSError)


@click.group(context_settings={"help_option_names": ["--help"]})
@verbosity
def kong() -> None:
    """An API gateway node that takes Kong's place."""


for command in (
    token,
    check,
    config,
    health,
    migrations,
    prepare,
    quit_,
    reload,
    restart,
    start,
    stop,
    vault,
    version,
):
    kong.add_command(command)


def run(arguments: Sequence[str], session: Session | None = None) -> int:
    """Run one command; the exit code: 0, or 1 for any failure, or what ``migrations list`` says."""
    session = session or Session(Machine(os.environ))
    try:
        kong.main(list(arguments), prog_name="kong", standalone_mode=False, obj=session)
    except click.exceptions.NoArgsIsHelpError as usage:
        click.echo(usage.format_message(), err=True)
        return 1
    except click.UsageError as error:
        # Kong: an unknown command or option shows the usage and ends with 1, not with click's 2.
        error.show(sys.stderr)
        return 1
    except (click.Abort, KeyboardInterrupt):
        session.console.failed("interrupted")
        return 1
    except EXPLAINED as error:
        return _failed(session, error)
    return 0


def _failed(session: Session, error: Exception) -> int:
    code, silent = (error.code, error.silent) if isinstance(error, CommandFailed) else (1, False)
    if session.console.level > 1 and not silent:
        traceback.print_exception(error)
    if not silent:
        session.console.failed(str(error))
    return code
