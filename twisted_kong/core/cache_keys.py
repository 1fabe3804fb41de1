"""The keys under which entities are cached, and which of them a write makes stale.

A key has seven parts: ``<entity>:<p1>:<p2>:<p3>:<p4>:<p5>:<workspace>``; the parts are the values of the
schema's ``cache_key`` fields, or of its primary key.  They are Kong's, so that ``/cache/{key}`` and tools
that know them work, with the few keys that Kong composes in another way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.schema import Schema

PARTS = 5


def compose(entity: str, parts: Iterable[str | None], workspace: str) -> str:
    """A key from its parts, at most five."""
    given = [part or "" for part in parts]
    return ":".join([entity, *given, *[""] * (PARTS - len(given)), workspace])


def cache_key(schema: Schema, entity: Mapping[str, Any], workspace: str) -> str:
    """The key of an entity; of one that is not in a workspace whatever the workspace."""
    custom = _CUSTOM.get(schema.name)
    if custom is not None:
        return custom(entity, workspace)
    parts = [_part(entity.get(field)) for field in schema.cache_key]
    if not any(parts):
        parts = [_part(entity.get(field)) for field in schema.primary_key]
    return compose(schema.name, parts, _workspace(schema, workspace))


def change_keys(schema: Schema, new: Entity | None, old: Entity | None, workspace: str) -> tuple[str, ...]:
    """Every key that a write makes stale: of the entity as it is and as it was, and of what is kept besides.

    :param new: the entity after the write, ``None`` when it was deleted
    :param old: the entity before it, ``None`` when it was created
    """
    extra = _EXTRA.get(schema.name, _no_more)
    keys: dict[str, None] = {}
    for entity in (new, old):
        if entity is not None:
            keys[cache_key(schema, entity, workspace)] = None
            keys.update(dict.fromkeys(extra(entity, workspace)))
    return tuple(keys)


def sni_keys(name: str) -> tuple[str, ...]:
    """The keys under which a TLS handshake may have kept what a server name leads to, itself first.

    A name is looked up as it stands, as ``*.rest`` and as ``first.*``; a change of a wildcard changes what
    its own key leads to, and the lookups of exact names are kept under keys of their own.
    """
    keys = [f"snis:{name}"]
    if "*" not in name:
        labels = name.split(".")
        if len(labels) > 1:
            keys += [f"snis:*.{'.'.join(labels[1:])}", f"snis:{'.'.join(labels[:-1])}.*"]
    return tuple(keys)


def _part(value: Any) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("id")
    return None if value is None else str(value)


def _workspace(schema: Schema, workspace: str) -> str:
    # Kong: vaults are in a workspace, but their prefixes are one for all, and so are their keys
    return workspace if schema.workspaceable and schema.name != "vaults" else ""


def _sni_key(entity: Mapping[str, Any], _workspace: str) -> str:
    return f"snis:{entity['name']}"


def _key_key(entity: Mapping[str, Any], _workspace: str) -> str:
    return f"keys:{entity['kid']}:{_part(entity.get('set')) or ''}"


def _no_more(_entity: Entity, _workspace: str) -> tuple[str, ...]:
    return ()


def _consumer_keys(entity: Entity, workspace: str) -> tuple[str, ...]:
    """Plugins look an anonymous consumer up by name."""
    name = entity.get("username")
    return () if name is None else (compose("consumers", [name], workspace),)


def _acl_keys(entity: Entity, workspace: str) -> tuple[str, ...]:
    """The list of all groups of a consumer is kept as one."""
    return (compose("acls", [_part(entity.get("consumer"))], workspace),)


def _token_keys(entity: Entity, workspace: str) -> tuple[str, ...]:
    """Tokens name their credential by id."""
    return (compose("oauth2_credentials", [entity["id"]], workspace),)


def _sni_change_keys(entity: Entity, _workspace: str) -> tuple[str, ...]:
    return sni_keys(entity["name"])


_CUSTOM: Mapping[str, Callable[[Mapping[str, Any], str], str]] = {"snis": _sni_key, "keys": _key_key}
_EXTRA: Mapping[str, Callable[[Entity, str], tuple[str, ...]]] = {
    "consumers": _consumer_keys,
    "acls": _acl_keys,
    # Kong: does not purge the key by id, so a changed credential stays in use there until its ttl
    "oauth2_credentials": _token_keys,
    "snis": _sni_change_keys,
}
