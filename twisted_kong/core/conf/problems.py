"""What can be wrong with a configuration, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: a line of a file, an environment variable or the command line.

    ``where`` is the file's path, the variable's name or the option; ``line`` counts from 1, 0 is none.
    """

    where: str
    line: int = 0

    @override
    def __str__(self) -> str:
        return f"{self.where}:{self.line}" if self.line else self.where


DEFAULT = Origin("default")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault or oddity: Kong's message, led by the place to look at unless it is a default's."""

    message: str
    origin: Origin = DEFAULT

    @override
    def __str__(self) -> str:
        return self.message if self.origin is DEFAULT else f"{self.origin}: {self.message}"


class ConfError(Exception):
    """The configuration cannot be used; ``str()`` is one line, the first of ``problems``."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(str(self.problems[0]))
