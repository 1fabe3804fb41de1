"""What a query string asks to be done with a document; how it comes is in the tests of the endpoints."""

from __future__ import annotations

import pytest

from tests.kit.declarative import Gateway
from tests.kit.deferreds import success_of
from twisted_kong.admin.bodies import Body
from twisted_kong.admin.documents import document_in, options_in
from twisted_kong.admin.failures import Refused
from twisted_kong.db.declarative.options import Options


def test_options() -> None:
    """Mode, tags, author, and how errors are told."""
    query = [("mode", "sync"), ("select_tags", "a,b"), ("flatten_errors", "1")]
    assert options_in(query, "alice", mode="upsert") == Options("sync", ("a", "b"), "alice", True)
    assert options_in([], None, mode="sync") == Options("sync")


def test_who_is_misunderstood_is_refused() -> None:
    """Who wants to be careful must not have it done otherwise."""
    with pytest.raises(Refused, match="mode must be upsert or sync"):
        options_in([("mode", "Sync")], None, mode="upsert")
    with pytest.raises(Refused, match="flatten_errors must be 1"):
        options_in([("flatten_errors", "yes")], None, mode="upsert")


def test_a_document_that_is_held() -> None:
    """In ``config``, as text or as it is; a document of its own may have no such member."""
    importer = Gateway().importer

    def found(raw: bytes) -> object:
        return success_of(document_in(Body({}, raw=raw, kind="application/json"), importer))

    assert found(b'{"config": {"a": 1}}') == {"a": 1}
    assert found(b'{"config": "a: 1"}') == {"a": 1}
    assert found(b'{"_format_version": "3.0", "config": 1}') == {"_format_version": "3.0", "config": 1}
