"""The grammar of a kong.conf file: lines ``name = value``, comments and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from twisted_kong.core.conf.problems import Origin, Problem

_COMMENT = re.compile(r"(?<!\\)#.*")
_ORIGIN = re.compile(r"# from (?P<where>.*?)(?::(?P<line>[0-9]+))?\Z")
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


def format_text(settings: Mapping[str, str], origins: Mapping[str, Origin] = MappingProxyType({})) -> str:
    """A file that :func:`parse_text` reads as just these settings; values must not hold line breaks.

    Where a setting comes from is told in a comment before it, for :func:`parse_origins`.
    """
    lines = []
    for name, value in settings.items():
        if name in origins and str(origins[name]).isprintable():
            lines.append(f"# from {origins[name]}\n")
        lines.append(f"{name} = {value.replace('#', chr(92) + '#')}\n")
    return "".join(lines)


def parse_origins(text: str) -> dict[str, Origin]:
    """Where the settings of a file that :func:`format_text` made come from, as far as it tells."""
    origins: dict[str, Origin] = {}
    told: Origin | None = None
    for line in text.splitlines():
        comment = _ORIGIN.match(line)
        if comment is None and told is not None:
            origins[line.partition("=")[0].strip()] = told
        told = None if comment is None else Origin(comment["where"], int(comment["line"] or 0))
    return origins
