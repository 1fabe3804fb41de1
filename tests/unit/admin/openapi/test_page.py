"""Tests of the page."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

from typing_extensions import override

from tests.kit.openapi import node_source, operations
from twisted_kong.admin.openapi.document import pieces
from twisted_kong.admin.openapi.page import rendered

VOID = {"meta", "input", "br"}


class Seen(HTMLParser):
    """Elements of a page: whether they are closed in order, their ids, where links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.wrong: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if "href" in given else []
        self.sources += [name for name in given if name == "src" or name.startswith("on") or name == "style"]
        if tag not in VOID:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() != tag:
            self.wrong.append(tag)


@cache
def page() -> str:
    """The page of a node with every plugin."""
    return b"".join(rendered(pieces(node_source()))).decode()


@cache
def seen() -> Seen:
    """The page as a parser sees it."""
    parser = Seen()
    parser.feed(page())
    return parser


def test_every_operation_is_on_the_page() -> None:
    """Each can be linked to by its name."""
    assert {operation["operationId"] for _, _, operation in operations()} <= set(seen().ids)


def test_the_page_is_well_formed() -> None:
    """Every element is closed in order, and no id is there twice."""
    assert (seen().wrong, seen().open) == ([], [])
    assert len(seen().ids) == len(set(seen().ids))


def test_links_lead_within_the_page_or_to_the_document() -> None:
    """Nothing is loaded from elsewhere, and no link is dead."""
    targets = {f"#{name}" for name in seen().ids} | {"openapi.json"}
    assert set(seen().links) - targets == set()


def test_nothing_is_loaded_or_run_from_an_attribute() -> None:
    """The policy of the page would refuse it."""
    assert seen().sources == []


def test_texts_are_escaped() -> None:
    """What comes from schemas cannot become markup."""
    assert "<code>≥" not in page()
    assert "&lt;" in page() or "<script>alert" not in page()


def test_the_page_is_made_in_pieces() -> None:
    """Others have their turn between two pieces."""
    assert sum(1 for _ in rendered(pieces(node_source()))) > 500
