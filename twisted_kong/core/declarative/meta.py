"""What a document says of itself: the members of its top that begin with an underscore.

``_format_version``, ``_transform``, ``_comment`` and ``_ignore`` are Kong's; ``_info``, ``_plugin_configs``,
``_workspace`` and ``_konnect`` are decK's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twisted_kong.core.declarative.problems import singular
from twisted_kong.core.schema.fields import REQUIRED, UNKNOWN

VERSIONS = ("1.1", "2.1", "3.0")
# Of before Kong 3.0, where a path was taken for a regular expression by its looks.
OLD_VERSIONS = ("1.1", "2.1")
REMARKS = ("_comment", "_ignore")

_INFO = ("select_tags", "defaults", "default_lookup_tags")


@dataclass(slots=True)
class Meta:
    """What a document says of itself.

    :param defaults: by kind: what an entity has that does not say otherwise.
    :param plugin_configs: by name: configurations that plugins of the document share.
    """

    version: str = VERSIONS[-1]
    transform: bool = True
    select_tags: tuple[str, ...] = ()
    defaults: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    plugin_configs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)


def meta_of(document: Mapping[str, Any], kinds: tuple[str, ...]) -> Meta:
    """What a document says of itself; ``found`` tells what is wrong with it."""
    meta = Meta()
    _read_version(document, meta)
    for name, value in document.items():
        if name.startswith("_") and name != "_format_version" and name not in REMARKS and value is not None:
            reader = _READERS.get(name)
            found = UNKNOWN if reader is None else reader(value, meta, kinds)
            if found is not None:
                meta.found[name] = found
    return meta


def _read_version(document: Mapping[str, Any], meta: Meta) -> None:
    version = document.get("_format_version")
    if version is None:
        meta.found["_format_version"] = REQUIRED
    elif not isinstance(version, str):
        # Kong: a number is refused too, so that 3.0 and 3 are not told apart by a reader of YAML
        meta.found["_format_version"] = "expected a string"
    elif version not in VERSIONS:
        meta.found["_format_version"] = f"expected one of: {', '.join(VERSIONS)}"
    else:
        meta.version = version


def _read_transform(value: Any, meta: Meta, _: tuple[str, ...]) -> Any:
    if not isinstance(value, bool):
        return "expected a boolean"
    meta.transform = value
    return None


def _read_workspace(value: Any, _: Meta, __: tuple[str, ...]) -> Any:
    return None if value == "default" else "there is no workspace but 'default'"


def _read_konnect(_: Any, __: Meta, ___: tuple[str, ...]) -> Any:
    return "this is no control plane of Konnect"


def _read_info(value: Any, meta: Meta, kinds: tuple[str, ...]) -> Any:
    if not isinstance(value, Mapping):
        return "expected a record"
    found: dict[str, Any] = {name: UNKNOWN for name in value if name not in _INFO}
    tags = value.get("select_tags") or []
    if isinstance(tags, list) and all(isinstance(tag, str) and tag for tag in tags):
        meta.select_tags = tuple(dict.fromkeys(tags))
    else:
        found["select_tags"] = "expected an array of strings"
    wrong = _read_defaults(value.get("defaults") or {}, meta, kinds)
    if wrong:
        found["defaults"] = wrong
    return found or None


def _read_defaults(value: Any, meta: Meta, kinds: tuple[str, ...]) -> Any:
    if not isinstance(value, Mapping):
        return "expected a record"
    by_name = {singular(kind): kind for kind in kinds}
    found: dict[str, str] = {}
    for name, record in value.items():
        if name not in by_name:
            found[name] = UNKNOWN
        elif not isinstance(record, Mapping):
            found[name] = "expected a record"
        else:
            meta.defaults[by_name[name]] = record
    return found


def _read_plugin_configs(value: Any, meta: Meta, _: tuple[str, ...]) -> Any:
    if not isinstance(value, Mapping):
        return "expected a map"
    found = {name: "expected a record" for name, config in value.items() if not isinstance(config, Mapping)}
    meta.plugin_configs = {name: config for name, config in value.items() if name not in found}
    return found or None


_READERS = {
    "_transform": _read_transform,
    "_workspace": _read_workspace,
    "_konnect": _read_konnect,
    "_info": _read_info,
    "_plugin_configs": _read_plugin_configs,
}
