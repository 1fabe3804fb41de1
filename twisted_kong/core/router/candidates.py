"""A Route as the router ranks it: candidates, each some paths with a place in one total order.

Theory.
Which of several matching Routes wins is a total order, so it is computed once, when the Route is put, into
one integer; matching then only compares integers.

``traditional_compatible`` (Kong's default): paths are grouped – all regexes together, plain paths by length –
and each group competes by itself with a 64-bit priority; equal priorities are ordered by the candidate's
uuid, the greater first.
``traditional``: each path competes by itself; categories (how many kinds of attributes, then which) come
first, then the kind of host and path, the number of headers, ``regex_priority``, the length of the path, and
the age.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from twisted_kong.core.changes import Entity

# Kong: the namespace from which it derives the ids of the groups of a Route whose paths are of several kinds.
_GROUPS = UUID("7f145bf9-0dce-4f91-98eb-debbce4b9f6b")
_KINDS = ("methods", "hosts", "headers", "snis", "paths", "sources", "destinations")
ATTRIBUTES = ("methods", "hosts", "headers", "paths", "snis")
"""What a Route of HTTP may ask for; one that asks for nothing takes no request, not all."""

_CATEGORY_BITS = {
    "hosts": 64,
    "headers": 32,
    "paths": 16,
    "methods": 8,
    "snis": 4,
    "sources": 2,
    "destinations": 1,
}

_MOST_HEADERS = 255
_MOST_LENGTH = (1 << 19) - 1
_MOST_PRIORITY = (1 << 32) - 1
_MOST_SECONDS = (1 << 48) - 1
_ID_BITS = 128


@dataclass(frozen=True, slots=True)
class Candidate:
    """Some paths of a Route (none if it has none) and their rank: of all that match, the greatest wins."""

    rank: int
    paths: tuple[str, ...]


def is_regex(path: str) -> bool:
    """Whether a Route's path is a regex: it starts with ``~``."""
    return path.startswith("~")


def _byte_length(path: str) -> int:
    return len(path.encode("utf-8", "surrogateescape"))


def _id_number(route: Entity) -> int:
    return UUID(route["id"]).int


def _compatible(route: Entity) -> list[Candidate]:
    paths: list[str] = route.get("paths") or []
    groups: dict[int, list[str]] = {}
    for path in paths:
        groups.setdefault(0 if is_regex(path) else _byte_length(path), []).append(path)
    if len(groups) < 2:
        return [Candidate(_compatible_rank(route, paths, _id_number(route)), tuple(paths))]
    return [
        Candidate(_compatible_rank(route, group, uuid5(_GROUPS, f"{route['id']}#{number}").int), tuple(group))
        for number, group in groups.items()
    ]


def _compatible_rank(route: Entity, paths: list[str], identity: int) -> int:
    return _compatible_priority(route, paths) << _ID_BITS | identity


def _compatible_priority(route: Entity, paths: list[str]) -> int:
    """Kong's 64-bit priority (bits 61–63 weight, 60 plain hosts, 52–59 headers, 51 regex, 19–50, 0–18)."""
    hosts: list[str] = route.get("hosts") or []
    weight = sum(1 for kind in _KINDS if route.get(kind))
    priority = min(weight, 7) << 61
    if hosts and not any("*" in host for host in hosts):
        priority |= 1 << 60
    priority |= min(len(route.get("headers") or ()), _MOST_HEADERS) << 52
    if any(is_regex(path) for path in paths):
        return priority | 1 << 51 | min(route.get("regex_priority") or 0, _MOST_PRIORITY) << 19
    return priority | min(max(map(_byte_length, paths), default=0), _MOST_LENGTH)


def _traditional(route: Entity) -> list[Candidate]:
    paths: list[str] = route.get("paths") or []
    if not paths:
        return [Candidate(_traditional_rank(route, None), ())]
    return [Candidate(_traditional_rank(route, path), (path,)) for path in paths]


def _traditional_rank(route: Entity, path: str | None) -> int:
    category = sum(bit for kind, bit in _CATEGORY_BITS.items() if route.get(kind))
    regex = path is not None and is_regex(path)
    length = 0 if path is None or regex else min(_byte_length(path), _MOST_LENGTH)
    age = _MOST_SECONDS - min(int(route.get("created_at") or 0), _MOST_SECONDS)
    rank = category.bit_count() << 7 | category
    rank = rank << 3 | _host_bits(route.get("hosts") or []) | regex
    rank = rank << 8 | min(len(route.get("headers") or ()), _MOST_HEADERS)
    rank = rank << 32 | (min(route.get("regex_priority") or 0, _MOST_PRIORITY) if regex else 0)
    rank = rank << 19 | length
    return (rank << 48 | age) << _ID_BITS | _id_number(route)


def _host_bits(hosts: list[str]) -> int:
    wild = [host for host in hosts if "*" in host]
    if wild:
        return 4 if any(host.rpartition(":")[2].isdigit() for host in wild) else 0
    return 2 if hosts else 0


FLAVORS: Mapping[str, Callable[[Entity], list[Candidate]]] = {
    "traditional_compatible": _compatible,
    "traditional": _traditional,
}
"""How a Route becomes candidates, by ``router_flavor``."""
