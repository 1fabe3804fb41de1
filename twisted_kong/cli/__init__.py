"""The ``kong`` command line: Kong's commands, flags, texts and exit codes."""

from __future__ import annotations


def main() -> None:
    """The console script ``kong``."""
    import sys

    # Imported late: the node itself is started through a module of this package and needs none of it.
    from twisted_kong.cli.kong import run

    sys.exit(run(sys.argv[1:]))
