"""References to secrets, ``{vault://<vault>/<resource>[/<key>]}``, and what they stand for.

A configuration, a command line or a field of an entity refers; the vault is ``env``, set up by kong.conf, or
the ``prefix`` of a Vault entity.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from typing_extensions import override

_START = "{vault://"
_REFERENCE = re.compile(
    r"\{vault://(?P<vault>[^/{}?#]+)/(?P<path>[^{}?#]+)(?:\?(?P<options>[^{}#]*))?(?:#(?P<version>\d+))?\}\Z"
)
_FORM = "not of the form {vault://<vault>/<resource>[/<key>]}"
# Kong: the second version of a secret in the environment is the one before.
_PREVIOUS = 2


class UnresolvedReference(ValueError):
    """A reference that leads to no value; the text says why, never what the value is."""


def is_reference(value: Any) -> bool:
    """Whether a value names a secret in a vault instead of being one."""
    return isinstance(value, str) and value.startswith(_START) and value.endswith("}")


def full_reference(text: str) -> str:
    """The reference that a command line may shorten to ``vault://env/name`` or ``env/name``."""
    bare = text.removeprefix("{").removesuffix("}").removeprefix("vault://")
    return f"{{vault://{bare}}}"


@dataclass(frozen=True, slots=True)
class Reference:
    """The parts of a reference.

    ``key`` picks a member of the JSON object that the secret is then; ``options`` take the place of the
    vault's own configuration.
    """

    vault: str
    resource: str
    key: str | None
    options: Mapping[str, str]
    version: int | None


def parse_reference(text: str) -> Reference:
    """The parts of a reference; :class:`UnresolvedReference` for what is none.

    The last part of a longer path is the key, unless a ``/`` ends it.
    """
    match = _REFERENCE.match(text)
    if match is None:
        raise UnresolvedReference(_FORM)
    *before, last = match["path"].split("/")
    resource, key = ("/".join(before), last or None) if before else (last, None)
    if not resource:
        raise UnresolvedReference(_FORM)
    options = parse_qs(match["options"] or "", keep_blank_values=True)
    return Reference(
        match["vault"],
        unquote(resource),
        None if key is None else unquote(key),
        {name: values[-1] for name, values in options.items()},
        None if match["version"] is None else int(match["version"]),
    )


@dataclass(frozen=True, slots=True, repr=False)
class Vaults:
    """Where references lead.

    :param environment: the variables, in which alone ``env`` looks.
    :param prefix: of the variables of ``env`` itself (``vault_env_prefix``).
    :param installed: the names of the vaults that may be used (``vaults``).
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    installed: frozenset[str] = frozenset({"env"})

    @override
    def __repr__(self) -> str:
        # The environment must not get into a log.
        return "Vaults(…)"

    def resolve(self, text: str, entities: Mapping[str, Mapping[str, Any]] | None = None) -> str:
        """The text that a reference stands for.

        The variable's name is the prefix and the resource in capitals with ``_`` for ``-``.

        :param entities: the Vault entities by their prefix, as far as there are any.
        :raises UnresolvedReference: when it leads nowhere
        """
        reference = parse_reference(text)
        prefix = reference.options.get("prefix", self._prefix_of(reference.vault, entities or {}))
        variable = f"{prefix}{reference.resource}".upper().replace("-", "_")
        if reference.version == _PREVIOUS:
            variable += "_PREVIOUS"
        if variable not in self.environment:
            raise UnresolvedReference(f"environment variable {variable} is not set")
        if reference.key is None:
            return self.environment[variable]
        return _member(self.environment[variable], reference.key, variable)

    def _prefix_of(self, vault: str, entities: Mapping[str, Mapping[str, Any]]) -> str:
        if vault in self.installed:
            return self.prefix
        entity = entities.get(vault)
        if entity is None:
            raise UnresolvedReference(f"there is no vault '{vault}'")
        if entity["name"] not in self.installed:
            raise UnresolvedReference(f"vault '{entity['name']}' is not installed")
        return entity["config"].get("prefix") or ""


def installed_vaults(names: tuple[str, ...]) -> frozenset[str]:
    """The vaults that the property ``vaults`` names: ``env`` is all there is."""
    return frozenset({"env"}) if {"bundled", "env"}.intersection(names) else frozenset()


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
