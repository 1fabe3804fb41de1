"""Request targets and cache keys as logs and listings may show them: without credentials.

Paths name some entities by what they must keep to themselves (``/key-auths/<key>``), and a query may hold
anything.  So the segment after such a kind's name is masked, known or not, unless it is an id; and so is the
value of every argument but those that are known to be harmless.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from twisted_kong.core.conf.secret import MASK
from twisted_kong.core.schema.schema import Schema
from twisted_kong.core.schema.secrecy import has_secret_cache_key, has_secret_name
from twisted_kong.core.schema.validators import is_uuid

_MASK = MASK.encode("ascii")
_HARMLESS = frozenset(
    (
        *(
            b"after",
            b"balancer_health",
            b"check_hash",
            b"custom_id",
            b"dry_run",
            b"entity",
            b"flatten_errors",
        ),
        *(b"format", b"offset", b"position", b"scale", b"select_tags", b"size", b"sort_by", b"sort_desc"),
        *(b"tags", b"timeout", b"unit", b"wait", b"wait_timeout", b"with_id"),
    )
)


class Masking:
    """Masks the credentials of some kinds of entity."""

    def __init__(self, schemas: Iterable[Schema] = ()) -> None:
        schemas = tuple(schemas)
        self._named = frozenset(
            name.encode("utf-8")
            for schema in schemas
            if has_secret_name(schema)
            for name in (schema.admin_api_name, schema.admin_api_nested_name, schema.name)
        )
        self._cached = frozenset(schema.name for schema in schemas if has_secret_cache_key(schema))

    def target(self, target: bytes) -> bytes:
        """The target of a request: its path and query."""
        path, mark, query = target.partition(b"?")
        shown = self._path(path)
        return shown + mark + b"&".join(map(_argument, query.split(b"&"))) if mark else shown

    def cache_key(self, key: str) -> str:
        """A key of the entity cache: of one with a credential in it the kind, ids and the workspace."""
        kind, *parts = key.split(":")
        if kind not in self._cached:
            return key
        return ":".join((kind, *(part if not part or is_uuid(part) else MASK for part in parts)))

    def _path(self, path: bytes) -> bytes:
        shown: list[bytes] = []
        before = b""
        for segment in path.split(b"/"):
            if not segment:
                shown.append(segment)
                continue
            decoded = unquote_to_bytes(segment)
            hidden = self._hidden(before, decoded)
            shown.append(segment if hidden is None else hidden)
            before = decoded if hidden is None else b""
        return b"/".join(shown)

    def _hidden(self, before: bytes, segment: bytes) -> bytes | None:
        """What a segment is shown as; None for one that can be shown as it is."""
        text = segment.decode("latin-1")
        if before == b"cache":
            key = self.cache_key(text)
            return key.encode("latin-1") if MASK in key else None
        return _MASK if before in self._named and not is_uuid(text) else None


NO_SECRETS = Masking()
"""For APIs whose paths name no entity: hides the arguments alone."""


def without_query(address: str) -> str:
    """An address without its query and what follows."""
    return address.partition("?")[0].partition("#")[0]


def _argument(argument: bytes) -> bytes:
    name, mark, value = argument.partition(b"=")
    if not mark or name in _HARMLESS or (name == b"id" and is_uuid(value.decode("latin-1"))):
        return argument
    return name + mark + _MASK
