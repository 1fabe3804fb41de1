"""Tests of the endpoints of the document and its page."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.kit.admin_node import AdminNode
from tests.kit.deferreds import failure_of, no_result, success_of
from twisted_kong.admin.routes.openapi import SLICE, MadeOnce


def test_the_document_is_served_as_json() -> None:
    """With a tag, by which it need not be fetched twice."""
    client = AdminNode().client
    answer = client.get("/openapi.json")
    assert (answer.status, answer.json["openapi"]) == (200, "3.1.0")
    assert (answer.header("content-type") or "").startswith("application/json")
    again = client.get("/openapi.json", headers={"If-None-Match": answer.header("etag") or ""})
    assert (again.status, again.body) == (304, b"")


def test_the_page_is_served_under_its_policy() -> None:
    """What is not in the page itself does not run in it."""
    answer = AdminNode().client.get("/openapi")
    assert answer.body.startswith(b"<!DOCTYPE html>")
    assert (answer.header("content-security-policy") or "").startswith(
        "default-src 'none'; style-src 'sha256-"
    )
    assert answer.header("x-content-type-options") == "nosniff"


def test_the_document_tells_of_itself() -> None:
    """Its own paths are in it, as all are."""
    paths = AdminNode().client.get("/openapi.json").json["paths"]
    assert {"/openapi.json", "/openapi", "/endpoints"} <= paths.keys()


class Made:
    """Pieces that each take their time, and how often they were begun."""

    def __init__(self, clock: Clock, error: Exception | None = None) -> None:
        self.clock, self.error, self.begun = clock, error, 0

    def __call__(self) -> Iterator[bytes]:
        self.begun += 1
        for piece in (b"a", b"b", b"c"):
            self.clock.advance(SLICE)
            yield piece
        if self.error is not None:
            raise self.error


def ended(clock: Clock) -> None:
    """Let all turns pass that are waited for."""
    while clock.getDelayedCalls():
        clock.advance(0)


def test_others_have_their_turn_while_it_is_made() -> None:
    """After each slice the reactor goes on."""
    clock = Clock()
    waiting = Deferred.fromCoroutine(MadeOnce(Made(clock), "text/plain", clock).answer())
    no_result(waiting)
    ended(clock)
    assert success_of(waiting).body == b"abc"


def test_it_is_made_once_for_all_who_wait() -> None:
    """Those who come meanwhile get what is being made, those who come later what was made."""
    clock = Clock()
    made = Made(clock)
    once = MadeOnce(made, "text/plain", clock)
    both = [Deferred.fromCoroutine(once.answer()) for _ in range(2)]
    ended(clock)
    assert [success_of(each) for each in both] == [success_of(once.answer())] * 2
    assert made.begun == 1


def test_a_failure_is_told_to_all_and_kept_by_none() -> None:
    """The next call tries again."""
    clock = Clock()
    made = Made(clock, ValueError("no"))
    once = MadeOnce(made, "text/plain", clock)
    both = [Deferred.fromCoroutine(once.answer()) for _ in range(2)]
    ended(clock)
    assert [str(failure_of(each, ValueError)) for each in both] == ["no", "no"]
    made.error = None
    again = Deferred.fromCoroutine(once.answer())
    ended(clock)
    assert success_of(again).status == 200


def test_the_tag_follows_the_text() -> None:
    """Another document has another tag."""
    clock = Clock()
    tags = []
    for text in (b"a", b"b"):
        answer = success_of(MadeOnce(lambda text=text: iter([text]), "text/plain", clock).answer())  # type: ignore[misc]
        tags.append(dict(answer.headers)["ETag"])
    assert tags[0] != tags[1]
