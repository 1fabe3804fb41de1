"""Reads a text as a document: JSON where it begins as an object of it does, else YAML."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from twisted_kong.core.declarative.json_reading import read_json
from twisted_kong.core.declarative.limits import DEFAULT, Limits
from twisted_kong.core.declarative.problems import DocumentError
from twisted_kong.core.declarative.yaml_reading import read_yaml

Document = dict[str, Any]


def read(text: str | bytes, limits: Limits = DEFAULT) -> Generator[None, None, Document]:
    """The document in a text; yields whenever whoever drives it may rest.

    :raises DocumentError: for what is no document, with the line where there is one.
    """
    if isinstance(text, bytes):
        text = _decoded(text)
    text = text.removeprefix("\ufeff")
    if text.lstrip(" \t\r\n").startswith("{"):
        value = yield from _json_or_yaml(text, limits)
    else:
        value = yield from read_yaml(text, limits)
    if not isinstance(value, dict):
        # Kong: these words
        raise DocumentError("expected an object")
    return value


def _json_or_yaml(text: str, limits: Limits) -> Generator[None, None, Any]:
    """What begins with a brace may be YAML in its flow style too; if it is neither, JSON's reason counts."""
    try:
        return (yield from read_json(text, limits))
    except DocumentError as error:
        as_json = error
    try:
        return (yield from read_yaml(text, limits))
    except DocumentError:
        raise as_json from None


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DocumentError("it is no UTF-8", line) from None
