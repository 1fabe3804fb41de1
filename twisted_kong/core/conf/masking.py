"""Configuration as it may be shown: on ``GET /``, in logs, in the output of commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from twisted_kong.core.conf.lists import split_array
from twisted_kong.core.conf.problems import DEFAULT, Origin
from twisted_kong.core.conf.properties import PROPERTIES
from twisted_kong.core.conf.property import Kind, Property
from twisted_kong.core.conf.secret import MASK
from twisted_kong.core.vaults import is_reference

_SECRET_NAME = re.compile(r"token|secret|passw|_key\Z|credential")


@dataclass(frozen=True, slots=True)
class Setting:
    """The text of a value and where it stands; None is unset."""

    text: str | None
    origin: Origin = DEFAULT

    @property
    def is_default(self) -> bool:
        """Whether nobody set it."""
        return self.origin is DEFAULT


def masked_settings(settings: Mapping[str, Setting]) -> dict[str, object]:
    """Each set value in Kong's type; secrets are ``******``, references stand as they were given."""
    shown: dict[str, object] = {}
    for name, setting in settings.items():
        if setting.text is not None:
            known = PROPERTIES.get(name)
            shown[name] = _dynamic(name, setting.text) if known is None else _shown(known, setting.text)
    return shown


def hide_secrets(message: str, texts: Iterable[str]) -> str:
    """A message with each of these texts masked."""
    for text in texts:
        if text:
            message = message.replace(text, MASK)
    return message


def is_sensitive(name: str) -> bool:
    """Whether the value of a property or dynamic setting must be hidden."""
    known = PROPERTIES.get(name)
    return known.sensitive if known is not None else bool(_SECRET_NAME.search(name))


def _dynamic(name: str, text: str) -> str:
    return MASK if is_sensitive(name) and not is_reference(text) else text


def _shown(known: Property, text: str) -> object:
    if known.kind.kong_type == "array":
        entries = list(split_array(text))
        return [_hidden(known, entry) for entry in entries] if known.sensitive else entries
    if is_reference(text):
        return text
    if known.sensitive:
        return MASK
    if known.kind is Kind.BOOLEAN:
        return text in ("on", "true")
    if known.kind.kong_type == "number":
        return _number(text)
    return text


def _hidden(known: Property, entry: str) -> str:
    return entry if is_reference(entry) else MASK


def _number(text: str) -> object:
    value = float(text)
    return int(value) if value.is_integer() else value
