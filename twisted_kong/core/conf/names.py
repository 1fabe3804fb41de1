"""Names that are no property: who wrote them, and what they may have meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from twisted_kong.core.conf.problems import Origin, Problem
from twisted_kong.core.conf.properties import PROPERTIES, is_dynamic
from twisted_kong.core.conf.text import Line

# What container runtimes put into the environment for a linked container or a Kubernetes Service named kong…
_CONTAINER_LINK = re.compile(
    r"KONG_(?:.*_)?(?:PORT|SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT_[0-9]+_(?:TCP|UDP).*)\Z"
)

# Closer than this a name in the environment is taken for a slip; KONG_VERSION and its like are none.
_SLIP = 0.88
_SIMILAR = 0.75


def did_you_mean(name: str, cutoff: float = _SIMILAR) -> str | None:
    """The property whose name is nearest, if any is near enough."""
    close = get_close_matches(name, PROPERTIES, n=1, cutoff=cutoff)
    return close[0] if close else None


def unknown_in_file(lines: Iterable[Line]) -> Iterator[Problem]:
    """One warning for each unknown name of a file; Kong ignores them without a word."""
    seen = set()
    for line in lines:
        if line.name in PROPERTIES or is_dynamic(line.name) or line.name in seen:
            continue
        seen.add(line.name)
        meant = did_you_mean(line.name)
        hint = f"; did you mean '{meant}'?" if meant else ""
        yield Problem(f"unknown property '{line.name}' is ignored{hint}", line.origin)


def unknown_in_environment(environment: Mapping[str, str]) -> Iterator[Problem]:
    """One warning for each ``KONG_*`` variable that looks like a slip; others are none of our business."""
    for variable in environment:
        name = variable.removeprefix("KONG_").lower()
        if not variable.startswith("KONG_") or name in PROPERTIES or is_dynamic(name):
            continue
        if _CONTAINER_LINK.match(variable):
            continue
        meant = did_you_mean(name, _SLIP)
        if meant:
            wanted = PROPERTIES[meant].environment_name
            yield Problem(f"no such property, it is ignored; did you mean {wanted}?", Origin(variable))
