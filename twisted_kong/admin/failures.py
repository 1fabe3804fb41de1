"""What went wrong, as an answer: the named errors of the data layer and everything unforeseen."""

from __future__ import annotations

from twisted_kong.admin.answers import NOT_FOUND, UNEXPECTED, Answer, as_json, message, page
from twisted_kong.admin.bodies import BadBody, UnsupportedBody
from twisted_kong.core.errors import (
    DatabaseError,
    DatabaseUnavailable,
    EntityError,
    NotFound,
    OperationUnsupported,
    OutcomeUnknown,
    PreconditionFailed,
    UniqueViolation,
)

# Everything else with a name is the sender's doing: 400.
STATUSES: dict[type[EntityError], int] = {
    UniqueViolation: 409,
    NotFound: 404,
    OperationUnsupported: 405,
    PreconditionFailed: 412,
}


class Missing(Exception):
    """What the path names does not exist: 404 with Kong's plain message, not with an error object."""


class Refused(Exception):
    """An endpoint refuses a call with a plain message."""

    def __init__(self, status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers


def answer_for(error: BaseException, *, writing: bool) -> Answer | None:
    """The answer for an error, or None for one that is nobody's answer and has to be logged.

    :param writing: whether the call was to write.
    """
    if isinstance(error, Missing):
        return NOT_FOUND
    if isinstance(error, Refused):
        return message(error.status, error.text).with_headers(*error.headers)
    if isinstance(error, BadBody):
        return message(error.status, error.message)
    if isinstance(error, UnsupportedBody):
        return page(415)
    if isinstance(error, DatabaseError):
        return _database_failure(error, writing)
    if isinstance(error, EntityError):
        return _refusal(error)
    return None


def _refusal(error: EntityError) -> Answer:
    answer = as_json(STATUSES.get(type(error), 400), error.body())
    if isinstance(error, PreconditionFailed) and error.etag is not None:
        return answer.with_headers(("ETag", error.etag))
    return answer


def _database_failure(error: DatabaseError, writing: bool) -> Answer:
    """Kong: 500 for every failure of the database; ours: 503 where the same may be tried again.

    Whoever repeats a write whose outcome is unknown may make the same entity twice, so it is no 503.
    """
    if writing and isinstance(error, OutcomeUnknown):
        return message(500, f"the database failed, and the write may have taken effect: {error.message}")
    if writing and isinstance(error, DatabaseUnavailable):
        return message(
            503, f"the database cannot be written at present, nothing was changed: {error.message}"
        )
    if isinstance(error, DatabaseUnavailable):
        return message(503, f"the database cannot be read at present: {error.message}")
    return UNEXPECTED
