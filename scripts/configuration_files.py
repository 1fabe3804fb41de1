"""Writes kong.conf.default and docs/reference/configuration.md from the table of properties.

Run it after a change of ``twisted_kong/core/conf/groups``; a test fails until the files are as it writes them.
"""

# ruff: noqa: E501 - the page's prose has one sentence per line

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from twisted_kong.core.conf.properties import GROUPS, PROPERTIES
from twisted_kong.core.conf.property import Group, Property, Source, Status

ROOT = Path(__file__).parents[1]
DEFAULT_FILE = ROOT / "kong.conf.default"
REFERENCE_PAGE = ROOT / "docs" / "reference" / "configuration.md"

WIDTH = 100
RULE = "#" + "-" * (WIDTH - 1)

DEFAULT_HEAD = """\
# Configuration of a twisted_kong node: every property that has an effect, with its default.
#
# Copy this file to /etc/kong/kong.conf, or anywhere and name it with --conf (kong) or --config
# (twistd kong), and take the # from before what you want to change. "kong check FILE" tells what is
# wrong with a file.
#
# One property per line, "name = value"; # begins a comment, \\# stands for a # in a value; lists are
# separated by commas. An environment variable KONG_ and the name in capitals (KONG_LOG_LEVEL) goes
# before the file. Any value may be a reference to a variable: {vault://env/my-secret} is $MY_SECRET.
# Properties of Kong that are not here are accepted: docs/reference/configuration.md tells of each what
# becomes of it.
"""

REFERENCE_HEAD = """\
# Configuration reference

<!-- Written by scripts/configuration_files.py; do not edit. -->

Every property of `kong.conf` that the node knows, and what this version makes of it.

- **honoured**: it has its effect.
- **later**: it is read and checked, but has no effect in this version yet; setting it to something else than its default is told once at start.
- **ignored**: it is accepted because it stands in Kong's files, and never has an effect; the reason is given, and told once at start.

The sources are, later ones going before earlier ones: built-in defaults, the file, the environment (`KONG_` and the name in capitals), the command line.
An empty value counts as not given.
An unknown name is ignored with a warning that names its line, and the property that may have been meant.
`nginx_<block>_<directive>` settings beyond those listed are accepted and ignored with a warning, as there is no nginx.

Lists are separated by commas.
Sizes are bytes or have the suffix `k`, `m` or `g`; times are seconds or have `ms`, `s`, `m`, `h` or `d` (`1h30m`), unless the text says milliseconds.
Secret values are shown as `******` wherever configuration is shown; `{vault://env/name}` in any value stands for the environment variable `NAME`.
"""


def default_file() -> str:
    """The text of kong.conf.default."""
    return "\n".join([DEFAULT_HEAD, *(_default_group(group) for group in GROUPS if _effective(group))])


def reference_page() -> str:
    """The text of docs/reference/configuration.md."""
    return "\n".join([REFERENCE_HEAD, *(_reference_group(group) for group in GROUPS)])


def _effective(group: Group) -> list[Property]:
    return [known for known in group.properties if known.status is Status.HONOURED and known.alias_of is None]


def _default_group(group: Group) -> str:
    lines = [RULE, f"# {group.title.upper()}", RULE, *_comment(group.about), ""]
    for known in _effective(group):
        lines += [*_comment(_meaning(known)), f"#{known.name} = {known.default or ''}".rstrip(), ""]
    return "\n".join(lines)


def _meaning(known: Property) -> str:
    parts = [known.about]
    if known.allowed:
        parts.append(f"One of: {', '.join(known.allowed)}.")
    aliases = _aliases(known)
    if aliases:
        parts.append(f"Also called {' or '.join(aliases)}.")
    return " ".join(parts)


def _aliases(known: Property) -> list[str]:
    return [other.name for other in PROPERTIES.values() if other.alias_of == known.name]


def _comment(text: str) -> Iterator[str]:
    return (f"# {line}" for line in textwrap.wrap(text, WIDTH - 2, break_on_hyphens=False))


def _reference_group(group: Group) -> str:
    lines = [f"## {group.title}", "", group.about, ""]
    lines += ["| Property | Default | Kind | Status | Meaning |", "|---|---|---|---|---|"]
    lines += [_row(known) for known in group.properties]
    return "\n".join([*lines, ""])


def _row(known: Property) -> str:
    default = f"`{known.default}`" if known.default is not None else "unset"
    meaning = " ".join(filter(None, (_meaning(known), _addition(known))))
    cells = (f"`{known.name}`", default, known.kind.value, known.status.value, meaning)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _addition(known: Property) -> str:
    parts = []
    if known.alias_of:
        parts.append(f"Sets `{known.alias_of}`{', deprecated' if known.deprecated else ''}.")
    if known.sensitive:
        parts.append("Secret.")
    if known.because:
        parts.append(f"Ignored: {known.because}.")
    if known.source is Source.OURS:
        parts.append("Not in Kong.")
    if known.source is Source.CASSANDRA:
        parts.append("In Kong up to 3.3.")
    if known.source is Source.NGINX:
        parts.append("In Kong a directive injected into nginx's configuration.")
    return " ".join(parts)


if __name__ == "__main__":
    DEFAULT_FILE.write_text(default_file(), encoding="utf-8")
    REFERENCE_PAGE.write_text(reference_page(), encoding="utf-8")
