"""Pages of collections: what the arguments ask for, and the link to the next page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from twisted_kong.admin.bodies import Pairs
from twisted_kong.admin.flags import flag_in
from twisted_kong.core.errors import InvalidOffset, InvalidOptions, InvalidSize
from twisted_kong.core.query import gathered

DEFAULT_SIZE = 100

# Everything but letters, digits and these is escaped in a link, as ngx.escape_uri does.
_SAFE = "!'()*-._~"

Arguments = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of a collection is asked for, as it stands in the query string: the DAO judges it.

    ``descending`` is whether the last ids come first.
    """

    size: str | None = None
    offset: str | None = None
    tags: str | None = None
    descending: bool = False

    @property
    def wanted(self) -> str | int:
        """The size to ask the DAO for."""
        return DEFAULT_SIZE if self.size is None else self.size


def page_request(arguments: Arguments) -> PageRequest:
    """Read ``size``, ``offset`` and ``tags`` from a query string; whatever else is there is ignored.

    :raises InvalidSize: for a size given more than once.
    :raises InvalidOptions: for a tag filter given more than once.
    """
    size, offset, tags = arguments.get("size"), arguments.get("offset"), arguments.get("tags")
    if not isinstance(size, str | None):
        raise InvalidSize("size must be a number")
    if not isinstance(tags, str | None):
        raise InvalidOptions(
            "invalid option (tags: invalid filter syntax)", {"tags": "invalid filter syntax"}
        )
    return PageRequest(size, offset if isinstance(offset, str | None) else offset[-1], tags)


def sorted_page_request(query: Pairs) -> PageRequest:
    """Read the arguments of a collection that can also be had in the other order, by ``sort_desc``.

    Ours: Kong Manager sends it, and Kong's open-source edition ignores it.

    :raises Refused: for a ``sort_desc`` that is neither a yes nor a no; and see :func:`page_request`.
    """
    return replace(page_request(gathered(query)), descending=flag_in(query, "sort_desc"))


def start_of(offset: str | None) -> int:
    """Where a page begins in a collection whose offsets are plain numbers.

    :raises InvalidOffset: for what is no number, or too long a one.
    """
    if offset is None:
        return 0
    if not (offset.isascii() and offset.isdigit() and len(offset) < 10):
        raise InvalidOffset(f"'{offset}' is not a valid offset: expected a number")
    return int(offset)


def page_body(
    rows: Sequence[Any], offset: str | None, path: str, asked: PageRequest, *, nested: bool = False
) -> dict[str, Any]:
    """The body of a page of the collection at ``path``; ``offset`` is where the next page begins.

    Kong: the link to the next page of a nested collection loses the size, which we follow, and the tag
    filter, which we do not: whoever follows the links would be given entities without the tags.
    """
    if offset is None:
        return {"data": rows, "next": None}
    link = f"{path}?offset={quote(offset, safe=_SAFE)}"
    if asked.descending:
        link += "&sort_desc=1"
    if asked.tags is not None:
        link += f"&tags={quote(asked.tags, safe=_SAFE)}"
    if asked.size is not None and not nested:
        link += f"&size={quote(asked.size, safe=_SAFE)}"
    return {"data": rows, "next": link, "offset": offset}
