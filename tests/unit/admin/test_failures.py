"""Errors and their answers."""

from __future__ import annotations

import json

import pytest

from twisted_kong.admin.bodies import BadBody, UnsupportedBody
from twisted_kong.admin.failures import Missing, Refused, answer_for
from twisted_kong.core.errors import (
    DatabaseError,
    DatabaseUnavailable,
    EntityError,
    ForeignKeyViolation,
    InvalidOptions,
    InvalidUnique,
    NotFound,
    OperationUnsupported,
    OutcomeUnknown,
    SchemaViolation,
    UniqueViolation,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SchemaViolation("m", {}), 400),
        (ForeignKeyViolation("m", {}), 400),
        (UniqueViolation("m", {"a": 1}), 409),
        (NotFound("m", {}), 404),
        (InvalidOptions("m", {}), 400),
        (InvalidUnique("name", "m"), 400),
        (OperationUnsupported("m"), 405),
    ],
)
def test_named_errors_are_sent_as_they_are(error: EntityError, status: int) -> None:
    """A named error of the data layer has Kong's status and its own body."""
    answer = answer_for(error, writing=True)
    assert answer is not None
    assert (answer.status, json.loads(answer.body)) == (status, error.body())


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (Missing(), 404, b'{"message":"Not found"}'),
        (Refused(418, "no"), 418, b'{"message":"no"}'),
        (BadBody(400, "bad"), 400, b'{"message":"bad"}'),
    ],
)
def test_refusals_have_their_message(error: Exception, status: int, body: bytes) -> None:
    """What an endpoint refuses comes with a plain message."""
    answer = answer_for(error, writing=False)
    assert answer is not None
    assert (answer.status, answer.body) == (status, body)


def test_an_unsupported_body_has_the_page() -> None:
    """415 is nginx's page."""
    answer = answer_for(UnsupportedBody(), writing=True)
    assert answer is not None
    assert b"415 Unsupported Media Type" in answer.body


def test_database_failures_tell_nothing() -> None:
    """A failure that will not pass is Kong's general 500, whatever it was."""
    for writing in (False, True):
        answer = answer_for(DatabaseError("password=x"), writing=writing)
        assert answer is not None
        assert (answer.status, answer.body) == (500, b'{"message":"An unexpected error occurred"}')


@pytest.mark.parametrize(
    "error", [DatabaseUnavailable("the file is gone"), OutcomeUnknown("the file is gone")]
)
def test_a_read_may_be_tried_again(error: DatabaseUnavailable) -> None:
    """Where the store is away 503 says why; a read has no outcome that could be unknown."""
    answer = answer_for(error, writing=False)
    assert answer is not None
    assert (answer.status, json.loads(answer.body)) == (
        503,
        {"message": "the database cannot be read at present: the file is gone"},
    )


def test_a_write_that_was_not_stored_may_be_tried_again() -> None:
    """Where nothing was written since the store is away, full or read-only, 503 says so."""
    answer = answer_for(DatabaseUnavailable("the disk is full"), writing=True)
    assert answer is not None
    assert answer.status == 503
    assert b"nothing was changed: the disk is full" in answer.body


def test_a_write_of_unknown_outcome_does_not_claim_that_nothing_was_changed() -> None:
    """Where a write may still take effect it is not called undone, and no 503 invites to repeat it."""
    answer = answer_for(OutcomeUnknown("no answer in 30 seconds; it may still take effect"), writing=True)
    assert answer is not None
    assert answer.status == 500
    assert b"the write may have taken effect: no answer in 30 seconds" in answer.body


def test_other_errors_have_no_answer() -> None:
    """What nobody foresaw is left to be logged."""
    assert answer_for(ZeroDivisionError(), writing=True) is None
