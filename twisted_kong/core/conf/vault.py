"""References to secrets in the environment: ``{vault://env/name}``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qs

_REFERENCE = re.compile(
    r"\{vault://(?P<vault>[^/{}?#]+)/(?P<resource>[^/{}?#]+)(?:/(?P<key>[^{}?#]+))?"
    r"(?:\?(?P<options>[^{}#]*))?(?:#[^{}]*)?\}\Z"
)


class UnresolvedReference(ValueError):
    """A reference that leads to no value; the text says why, never what the value is."""


def is_reference(text: str) -> bool:
    """Whether a value is to be looked up rather than taken as it stands."""
    return text.startswith("{vault://") and text.endswith("}")


def full_reference(text: str) -> str:
    """The reference that a command line may shorten to ``vault://env/name`` or ``env/name``."""
    bare = text.removeprefix("{").removesuffix("}").removeprefix("vault://")
    return f"{{vault://{bare}}}"


def resolve_reference(reference: str, environment: Mapping[str, str], prefix: str = "") -> str:
    """The text that a reference stands for.

    The variable's name is ``prefix`` and the resource in capitals with ``_`` for ``-``; a ``/key`` picks a
    member of its JSON object; ``?prefix=`` replaces the prefix. Raises :class:`UnresolvedReference`.
    """
    match = _REFERENCE.match(reference)
    if match is None:
        raise UnresolvedReference("not of the form {vault://<vault>/<resource>[/<key>]}")
    if match["vault"] != "env":
        raise UnresolvedReference(f"vault '{match['vault']}' is not installed, only env is")
    options = parse_qs(match["options"] or "", keep_blank_values=True)
    prefix = options.get("prefix", [prefix])[-1]
    variable = f"{prefix}{match['resource']}".upper().replace("-", "_")
    if variable not in environment:
        raise UnresolvedReference(f"environment variable {variable} is not set")
    if match["key"] is None:
        return environment[variable]
    return _member(environment[variable], match["key"], variable)


def _member(text: str, key: str, variable: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise UnresolvedReference(f"environment variable {variable} holds no JSON object")
    if key not in value:
        raise UnresolvedReference(f"the JSON object in {variable} has no member '{key}'")
    member = value[key]
    return member if isinstance(member, str) else json.dumps(member)
