"""Takes a document apart into its entities, wherever they stand in it.

An entity may stand in the list of its kind at the top, or in a list of that name in the entity that it refers
to, which then need not be named.
Both formats are read alike: what is decK's alone (defaults, shared configurations of plugins, tags to select
by) is worked into the records here.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from typing import Any

from twisted_kong.core.declarative.items import Flat, Item
from twisted_kong.core.declarative.kinds import FOREIGN, NOT_KNOWN, WORKSPACES, Kinds
from twisted_kong.core.declarative.meta import OLD_VERSIONS, REMARKS, Meta, meta_of
from twisted_kong.core.declarative.problems import Path
from twisted_kong.core.schema.fields import UNKNOWN

_NO_WORKSPACE = "there is no workspace but 'default'"
# Kong: what an entity of an export may carry besides its fields.
_DROPPED = frozenset({"ws_id", "cache_key", *REMARKS})
_PLUGIN_CONFIG = "_config"
# Kong: a path of the formats before 3.0 with any other character is a regular expression.
_PLAIN_PATH = re.compile(r"[a-zA-Z0-9.\-_~/%]*\Z")


def flatten(document: Mapping[str, Any], kinds: Kinds) -> Generator[None, None, Flat]:
    """The entities of a document; what is wrong with how they are put together is among its problems."""
    meta = meta_of(document, kinds.names)
    work = _Flattening(kinds, meta)
    for name, value in document.items():
        if not name.startswith("_"):
            yield from work.top(name, value)
    return work.flat


class _Flattening:
    def __init__(self, kinds: Kinds, meta: Meta) -> None:
        self._kinds = kinds
        self._meta = meta
        self.flat = Flat(
            meta.transform, meta.select_tags, {name: [] for name in kinds.names}, set(), meta.found
        )

    def top(self, name: str, value: Any) -> Generator[None, None, None]:
        """A list at the top of the document."""
        if name not in self._kinds.schemas:
            self.flat.general[name] = NOT_KNOWN if name in FOREIGN else UNKNOWN
        elif value is not None and not isinstance(value, list):
            self.flat.general[name] = "expected an array"
        else:
            self.flat.mentioned.add(name)
            yield from self._list(name, value or [], (name,), None)

    def _list(
        self, kind: str, values: list[Any], path: Path, parent: tuple[str, Item] | None
    ) -> Generator[None, None, None]:
        for place, value in enumerate(values):
            yield from self._entity(kind, value, (*path, place), parent)
            yield

    def _entity(
        self, kind: str, value: Any, path: Path, parent: tuple[str, Item] | None
    ) -> Generator[None, None, None]:
        if kind == "snis" and isinstance(value, str) and parent is not None:
            # decK and Kong's Admin API both write the names of a Certificate so
            value = {"name": value}
        if not isinstance(value, Mapping):
            self.flat.problems.append(Item(kind, path, {}, {}).problem("expected a record"))
            return
        if kind == WORKSPACES:
            if value.get("name") != "default":
                self.flat.problems.append(Item(kind, path, {}, value).problem({"name": _NO_WORKSPACE}))
            return
        lists, written = self._parted(kind, value)
        item = Item(kind, path, self._completed(kind, written), written, parent)
        key = written.get(self._kinds.schemas[kind].primary_key[0])
        item.key = key if isinstance(key, str) else None
        self._check_strays(item)
        self.flat.add(item)
        for name, below in lists.items():
            nested = self._kinds.nested_in(kind)[name]
            self.flat.mentioned.add(nested.kind)
            if isinstance(below, list):
                yield from self._list(nested.kind, below, (*path, name), (nested.field, item))
            elif below is not None:
                self.flat.problems.append(item.problem({name: "expected an array"}))

    def _parted(self, kind: str, value: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The lists that are nested in an entity, and the entity without them."""
        nested = self._kinds.nested_in(kind)
        lists = {name: below for name, below in value.items() if name in nested}
        rest = {name: below for name, below in value.items() if name not in nested and name not in _DROPPED}
        return lists, rest

    def _completed(self, kind: str, written: dict[str, Any]) -> dict[str, Any]:
        record = dict(written)
        if kind == "plugins" and (shared := record.pop(_PLUGIN_CONFIG, None)) is not None:
            config = self._meta.plugin_configs.get(shared) if isinstance(shared, str) else None
            if config is None:
                # left to be found an unknown field, with what it should have been in the text
                record[_PLUGIN_CONFIG] = shared
            else:
                record["config"] = laid_over(record.get("config") or {}, config)
        defaults = self._meta.defaults.get(kind)
        if defaults is not None:
            record = laid_over(record, defaults)
        if self._meta.select_tags and "tags" in self._kinds.schemas[kind].fields:
            record["tags"] = _with_tags(record.get("tags"), self._meta.select_tags)
        if kind == "routes" and self._meta.version in OLD_VERSIONS and isinstance(record.get("paths"), list):
            record["paths"] = [_path_of_today(path) for path in record["paths"]]
        return record

    def _check_strays(self, item: Item) -> None:
        strays = {name: NOT_KNOWN for name in item.written if name in FOREIGN}
        if item.kind == "plugins" and _PLUGIN_CONFIG in item.record:
            strays[_PLUGIN_CONFIG] = f"there is no '{item.record[_PLUGIN_CONFIG]}' in '_plugin_configs'"
        if strays:
            self.flat.problems.append(item.problem(strays))
            for name in strays:
                item.record.pop(name, None)


def laid_over(top: Mapping[str, Any], bottom: Mapping[str, Any]) -> dict[str, Any]:
    """A record with another one beneath it: records merge, of all else the upper one counts."""
    merged = {**bottom, **top}
    for name, value in top.items():
        below = bottom.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[name] = laid_over(value, below)
    return merged


def _with_tags(given: Any, tags: tuple[str, ...]) -> Any:
    if given is None:
        return list(tags)
    # what is no list is left for the schema to refuse
    return [*given, *(tag for tag in tags if tag not in given)] if isinstance(given, list) else given


def _path_of_today(path: Any) -> Any:
    if not isinstance(path, str) or path.startswith("~") or _PLAIN_PATH.match(path) is not None:
        return path
    return f"~{path}"
