"""The OpenAPI document of a node with every bundled plugin, made once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.kit.admin_node import AdminNode
from tests.kit.bundled import NAMES
from twisted_kong.admin.api import admin_table, openapi_source
from twisted_kong.admin.openapi.document import Source, document


@cache
def node_source() -> Source:
    """What the document is made from."""
    node = AdminNode(*NAMES)
    return openapi_source(node.parts, admin_table(node.parts))


@cache
def node_document() -> dict[str, Any]:
    """The whole document; not to be changed."""
    return document(node_source())


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of the document with its method and path."""
    for path, item in node_document()["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method, path, operation
