"""Declarative documents as requests carry them, and what their query strings ask to be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from twisted_kong.admin.bodies import FORM_TYPE, MULTIPART_TYPE, Body, Pairs, parse_form, parse_multipart
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.flags import flag_in
from twisted_kong.core.declarative.problems import DocumentError, unreadable
from twisted_kong.core.declarative.reading import Document
from twisted_kong.db.declarative.importing import Importer
from twisted_kong.db.declarative.options import Mode, Options

# Kong: this text.
EXPECTED = "expected a declarative configuration"
_VERSION = "_format_version"
_MEMBER = "config"


async def document_in(body: Body, importer: Importer) -> Document:
    """The document that a body is, or that its member ``config`` holds as text or as it is.

    :raises Refused: 400 where there is none.
    :raises DeclarativeConfig: for a text that cannot be read.
    """
    kind = body.kind.strip().lower()
    if kind.startswith((FORM_TYPE, MULTIPART_TYPE)):
        is_form = kind.startswith(FORM_TYPE)
        pairs = parse_form(body.raw) if is_form else parse_multipart(body.kind, body.raw)
        text = dict(pairs).get(_MEMBER)
        if not text:
            raise Refused(400, EXPECTED)
        return await importer.parse(text)
    if not body.raw.strip():
        raise Refused(400, EXPECTED)
    return await _unwrapped(await importer.parse(body.raw), importer)


async def _unwrapped(value: Document, importer: Importer) -> Document:
    if _VERSION in value or _MEMBER not in value:
        if _VERSION not in value and not any(name.startswith("_") or value[name] for name in value):
            raise Refused(400, EXPECTED)
        return value
    held = value[_MEMBER]
    if isinstance(held, str):
        return await importer.parse(held)
    if isinstance(held, Mapping):
        return dict(held)
    raise unreadable(DocumentError("expected an object"))


def options_in(query: Pairs, author: str | None, *, mode: Mode) -> Options:
    """What a query string asks.

    :param mode: where it does not say.
    :raises Refused: 400 for what is no answer to a question that is asked here.
    """
    given = dict(query)
    wanted: Any = given.get("mode", mode)
    if wanted not in get_args(Mode):
        raise Refused(400, f"mode must be {' or '.join(get_args(Mode))}")
    tags = tuple(tag for tag in given.get("select_tags", "").split(",") if tag)
    return Options(wanted, tags, author, flag_in(query, "flatten_errors"))
