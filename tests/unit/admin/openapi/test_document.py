"""Tests of the document put together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.kit.openapi import node_document, node_source, operations
from twisted_kong.admin.answers import Answer
from twisted_kong.admin.calls import Call
from twisted_kong.admin.openapi.document import Source, document, encoded, pieces, place


def references(value: Any) -> Iterator[str]:
    """Every reference in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def leads_somewhere(reference: str, made: Any) -> bool:
    """Whether a reference leads to something within the document."""
    for name in reference.removeprefix("#/").split("/"):
        if name not in made:
            return False
        made = made[name]
    return True


def test_every_path_and_method_of_the_table_is_documented() -> None:
    """What the node answers is in the document, and nothing else is."""
    table = {
        path: sorted(method.lower() for method in methods) for path, methods in node_source().table.items()
    }
    shown = {
        path: sorted(method for method in item if method != "parameters")
        for path, item in node_document()["paths"].items()
    }
    assert shown == table


def test_every_reference_leads_somewhere() -> None:
    """The document holds all that it refers to."""
    made = node_document()
    assert {each for each in references(made) if not leads_somewhere(each, made)} == set()


def test_names_of_operations_are_unique() -> None:
    """Generators of clients make a function of each operationId."""
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))


def test_every_path_names_its_parameters() -> None:
    """Each name in braces is a parameter of the path, as OpenAPI demands."""
    for path, item in node_document()["paths"].items():
        named = [parameter["name"] for parameter in item.get("parameters", ())]
        assert named == [part.strip("{}") for part in path.split("/") if part.startswith("{")]


def test_the_encoded_pieces_are_the_document() -> None:
    """The text that is served, made piece by piece, says what the document made at once says."""
    text = b"".join(encoded(pieces(node_source())))
    assert json.loads(text) == json.loads(json.dumps(node_document()))


def test_pieces_nest() -> None:
    """Pieces go where their names say, and levels are closed before others are opened."""
    parts = [(("a",), 1), (("b", "c"), 2), (("b", "d", "e"), 3), (("f", "g"), 4)]
    assert json.loads(b"".join(encoded(parts))) == {"a": 1, "b": {"c": 2, "d": {"e": 3}}, "f": {"g": 4}}


def test_a_piece_is_placed_below_its_parents() -> None:
    """Parents that are missing are made."""
    made: dict[str, Any] = {}
    place(made, ("a", "b"), 1)
    assert made == {"a": {"b": 1}}


def test_what_nobody_described_is_there_with_its_docstring() -> None:
    """An endpoint that was just added is in the document, as far as it tells of itself."""

    async def handler(call: Call) -> Answer:
        """GET: count the sheep."""
        return Answer(200)

    made = document(Source("1", {"/sheep/{name}": {"GET": handler}}, {}, {}))
    operation = made["paths"]["/sheep/{name}"]["get"]
    assert (operation["summary"], operation["operationId"]) == ("Count the sheep", "getSheepName")


def test_tokens_are_offered_unless_demanded() -> None:
    """Where nobody needs a token, the empty requirement says so."""
    open_to_all = document(Source("1", {}, {}, {}))["security"]
    demanding = document(Source("1", {}, {}, {}, demands_token=True))["security"]
    assert ({} in open_to_all, {} in demanding) == (True, False)


def test_servers_are_relative() -> None:
    """The document is about the node that served it, by whatever name it was reached."""
    assert [server["url"] for server in node_document()["servers"]] == ["/"]
