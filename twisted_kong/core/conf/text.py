"""The grammar of a kong.conf file: lines ``name = value``, comments and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from twisted_kong.core.conf.problems import Origin, Problem

_COMMENT = re.compile(r"(?<!\\)#.*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Line:
    """One setting as it stands in a file."""

    __slots__ = ("name", "origin", "value")

    def __init__(self, name: str, value: str, origin: Origin) -> None:
        self.name = name
        self.value = value
        self.origin = origin


def parse_text(text: str, where: str, problems: list[Problem]) -> Iterator[Line]:
    """The settings of a file in their order; lines of another form are added to ``problems``.

    ``#`` begins a comment unless written ``\\#``. A setting without value is left out: it counts as unset.
    """
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        line = _COMMENT.sub("", raw).replace("\\#", "#").strip()
        if not line:
            continue
        name, equals, value = line.partition("=")
        name, value = name.strip(), value.strip()
        origin = Origin(where, number)
        if not equals or not _NAME.match(name):
            problems.append(Problem(f"not of the form name = value: '{line}'", origin))
        elif value:
            yield Line(name, value, origin)


def format_text(settings: Mapping[str, str]) -> str:
    """A file that :func:`parse_text` reads as just these settings; values must not hold line breaks."""
    return "".join(f"{name} = {value.replace('#', chr(92) + '#')}\n" for name, value in settings.items())
