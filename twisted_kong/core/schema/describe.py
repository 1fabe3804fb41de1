"""The answers of ``/schemas``: a definition as Kong shows it to clients.

Fields are a list of one-member objects, to keep their order; functions, the shorthands of an entity (but
not those of the records in it), hidden fields and what the engine alone needs are left out; a ``regex``
appears as the Lua pattern that Kong has in its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from twisted_kong.core.schema.validators import Definition

# Not shown: functions, and what only this engine reads.
_HIDDEN = frozenset({"check", "custom_validator", "writes"})
_LUA_MAGIC = "-"
_ATOM = re.compile(r"\\(.)|(\[(?:\\.|[^\]])*\])([*+]\?|[*+?])?|(.)", re.DOTALL)


def describe(definition: Definition) -> dict[str, Any]:
    """The fields and entity checks of an entity or of a subschema."""
    return {
        "fields": _fields(definition.get("fields", {})),
        "entity_checks": [_entity_check(check) for check in definition.get("entity_checks", ())],
    }


def lua_pattern(regex: str) -> str:
    """A simple expression as a Lua pattern; one that Lua cannot say is given as it stands."""
    if "(" in regex or "|" in regex:
        return regex
    return "".join(_lua_atom(*found.groups()) for found in _ATOM.finditer(regex))


def _lua_atom(escaped: str | None, charset: str | None, repeat: str | None, plain: str | None) -> str:
    if escaped is not None:
        return f"%{escaped}"
    if charset is not None:
        inner = charset.replace("A-Za-z", "%a").replace("0-9", "%d").replace("\\", "%")
        return inner + (_lazy(repeat) if repeat else "")
    return f"%{plain}" if plain == _LUA_MAGIC else str(plain)


def _lazy(repeat: str) -> str:
    return "-" if repeat == "*?" else repeat[0]


def _fields(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{name: _field(field)} for name, field in fields.items() if not field.get("hidden")]


def _field(field: Definition) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, value in field.items():
        if key in _HIDDEN:
            continue
        if key in ("fields", "shorthand_fields"):
            shown[key] = _fields(value)
        elif key == "entity_checks":
            shown[key] = [_entity_check(check) for check in value]
        else:
            shown.update([_member(key, value)])
    return shown


def _member(key: str, value: Any) -> tuple[str, Any]:
    if key in ("elements", "keys", "values"):
        return key, _field(value)
    if key == "deprecated":
        return "deprecation", _deprecation(value)
    if key == "regex":
        return "match", lua_pattern(value)
    if key in ("match_none", "match_all"):
        return key, [{"pattern": lua_pattern(rule["regex"]), "err": rule["err"]} for rule in value]
    if key == "match_any":
        return key, {**_without_regexes(value), "patterns": [lua_pattern(each) for each in value["regexes"]]}
    return key, value


def _deprecation(deprecated: Definition) -> dict[str, Any]:
    """What clients go by that fill in defaults: they follow the old name to the new one."""
    new_names = deprecated.get("replaced_with", ())
    paths = [{"path": name.split(".")} for name in new_names]
    message = f"deprecated, use {' and '.join(new_names)}" if new_names else "deprecated"
    return {
        "message": message,
        "removal_in_version": deprecated.get("removal"),
        **({"replaced_with": paths} if paths else {}),
    }


def _without_regexes(rule: Definition) -> dict[str, Any]:
    return {name: member for name, member in rule.items() if name != "regexes"}


def _entity_check(check: Definition) -> dict[str, Any]:
    ((name, argument),) = check.items()
    if not isinstance(argument, Mapping):
        return {name: list(argument)}
    if name == "custom_entity_check":
        shown = {"field_sources": argument["fields"]}
        if "run_with_missing_fields" in argument:
            shown["run_with_missing_fields"] = argument["run_with_missing_fields"]
        return {name: shown}
    return {name: {key: _condition(key, value) for key, value in argument.items()}}


def _condition(key: str, value: Any) -> Any:
    return _field(value) if key.endswith("_match") else value
