"""What a command says, to whom, and how it fails."""

from __future__ import annotations

import click

HINT = "  Run with --v (verbose) or --vv (debug) for more details"


class CommandFailed(Exception):
    """A command cannot do its work; the text is the one line that the operator sees.

    :param code: the exit code; :param silent: everything was said already.
    """

    def __init__(self, message: str, code: int = 1, *, silent: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.silent = silent


class Console:
    """Results go to standard output, everything about the way there to standard error.

    ``level`` 0 shows results, warnings and errors, 1 (``--v``) also steps, 2 (``--vv``) also tracebacks.
    """

    def __init__(self) -> None:
        self.level = 0
        self.quiet = False

    def say(self, text: str) -> None:
        """A result."""
        if not self.quiet:
            click.echo(text)

    def warn(self, text: str) -> None:
        """Something the operator should know though the command goes on."""
        click.echo(f"[warn] {text}", err=True)

    def fault(self, text: str) -> None:
        """One of several errors."""
        click.echo(f"[error] {text}", err=True)

    def step(self, text: str) -> None:
        """What the command is about to do."""
        if self.level > 0:
            click.echo(f"[verbose] {text}", err=True)

    def failed(self, text: str) -> None:
        """The command failed."""
        click.echo(f"Error: {text}", err=True)
        if self.level == 0:
            click.echo(f"\n{HINT}", err=True)
