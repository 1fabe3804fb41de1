"""One run of ``kong``: its console, its machine, and the options that commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from twisted_kong.cli.console import CommandFailed, Console
from twisted_kong.cli.machine import Machine
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.paths import PrefixPaths
from twisted_kong.node.configuration import ConfSource

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(slots=True)
class Session:
    """What every command is handed."""

    machine: Machine
    console: Console = field(default_factory=Console)

    def read(self, conf: str | None, prefix: str | None, *, warn: bool = True) -> Conf:
        """The configuration of a command line; its warnings are shown."""
        options = {"prefix": prefix} if prefix else {}
        loaded = ConfSource(conf, options).read(self.machine.environment, self.machine.default_files)
        for warning in loaded.warnings if warn else ():
            self.console.warn(str(warning))
        self.console.step(f"configuration: {loaded.conf!r}")
        return loaded.conf

    def read_usable(self, conf: str | None, prefix: str | None) -> Conf:
        """The same, refused unless a node can run with it."""
        # Imported late: all of the node comes with it, and most commands need none.
        from twisted_kong.service.usability import require_usable

        found = self.read(conf, prefix)
        require_usable(found)
        return found

    def paths(self, prefix: str | None) -> PrefixPaths:
        """The prefix of a node that was started: given, else configured. It must exist."""
        where = os.path.abspath(prefix) if prefix else self.read(None, None, warn=False).prefix
        if not os.path.isdir(where):
            raise CommandFailed(f"no such prefix: {where}")
        return PrefixPaths(where)

    def running(self, paths: PrefixPaths) -> int | None:
        """The process id of the node below a prefix; None if none runs there.

        A pid file may outlive its node, and its number be some other process's by then.
        """
        try:
            with open(paths.pid_file, encoding="ascii") as file:
                pid = int(file.read().strip())
        except (OSError, ValueError):
            return None
        if pid <= 0 or not self.machine.processes.is_alive(pid):
            return None
        command = self.machine.processes.command(pid)
        return pid if command is None or "kong" in command else None

    def require_running(self, paths: PrefixPaths) -> int:
        """The same, refused if none runs."""
        pid = self.running(paths)
        if pid is None:
            raise CommandFailed(f"Kong is not running in {paths.prefix}")
        return pid


pass_session = click.make_pass_decorator(Session)


def verbosity(command: Command) -> Command:
    """Give a command ``--v`` and ``--vv``."""

    def raise_to(level: int) -> Callable[[click.Context, click.Parameter, bool], None]:
        def callback(context: click.Context, parameter: click.Parameter, value: bool) -> None:
            session = context.find_object(Session)
            if value and session is not None:
                session.console.level = max(session.console.level, level)

        return callback

    for flag, level, text in (("--vv", 2, "debug"), ("--v", 1, "verbose")):
        command = click.option(
            flag, is_flag=True, expose_value=False, callback=raise_to(level), help=f"{text} output"
        )(command)
    return command


conf_option = click.option("-c", "--conf", type=click.Path(), help="configuration file")
prefix_option = click.option("-p", "--prefix", type=click.Path(), help="prefix of the node")
