"""The words in which endpoints are described, and what they become in the document.

A path's methods are described by an :class:`Operation` each; :func:`operation_object` adds what is the same
for all: who may come in, bodies that are refused, the arguments of every write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from twisted_kong.admin.bodies import FORM_TYPE, JSON_TYPE, MULTIPART_TYPE
from twisted_kong.admin.openapi.names import pascal
from twisted_kong.admin.openapi.shapes import OBJECT, ref

Json = dict[str, Any]

ENTITY_MEDIA = (JSON_TYPE, FORM_TYPE, MULTIPART_TYPE)
WITH_BODY = frozenset({"post", "put", "patch"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of a request: in the query string, or a header."""

    name: str
    about: str
    schema: Mapping[str, Any]
    where: str = "query"

    def as_json(self) -> Json:
        """The Parameter Object."""
        return {
            "name": self.name,
            "in": self.where,
            "description": self.about,
            "schema": dict(self.schema),
        }


@dataclass(frozen=True, slots=True)
class Reply:
    """What may be answered: words, and the schema of the body if there is one.

    :param headers: names among the headers of the document's components.
    :param further: media types in which the body may come as text instead.
    """

    about: str
    schema: Mapping[str, Any] | None = None
    media: str = JSON_TYPE
    headers: tuple[str, ...] = ()
    further: tuple[str, ...] = ()

    def as_json(self) -> Json:
        """The Response Object."""
        reply: Json = {"description": self.about}
        if self.headers:
            reply["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in self.headers}
        if self.schema is not None:
            texts = {media: {"schema": {"type": "string"}} for media in self.further}
            reply["content"] = {self.media: {"schema": dict(self.schema)}, **texts}
        return reply


# A reply, or the name of one among the components.
Replies = Mapping[int, "Reply | str"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    :param summary: one line, without a full stop.
    :param tag: the heading it stands under.
    :param name: its operationId; made from method and path unless given.
    :param arguments: names of shared parameters, and others.
    :param body: the schema of the request's body; ``media`` are the types it is taken in.
    :param replies: successes, and refusals beyond those that every operation has; one of these may be
        replaced by its status.
    :param stores: whether it writes to the database, and so can wait for the cluster, and be unique or not.
    :param tagged: whether the answer is one entity with an ``ETag``.
    """

    summary: str
    tag: str
    name: str = ""
    about: str = ""
    arguments: tuple[str | Parameter, ...] = ()
    body: Mapping[str, Any] | None = None
    media: tuple[str, ...] = ENTITY_MEDIA
    body_required: bool = False
    replies: Replies = field(default_factory=dict)
    stores: bool = False
    tagged: bool = False
    deprecated: bool = False


# path -> method in upper case -> what it does
Descriptions = dict[str, dict[str, Operation]]

# Statuses of every operation, by the names of their responses.
_EVERYWHERE: Replies = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    413: "TooLarge",
    500: "Failed",
    503: "Unavailable",
}
_CONDITIONS = ("IfMatch", "IfNoneMatch")
_WRITING = ("Wait", "WaitTimeout", "DryRun")
TRIED = ref("DryRun")


def operation_object(method: str, path: str, told: Operation) -> Json:
    """The Operation Object of a method (in lower case) of a path."""
    shown: Json = {"operationId": told.name or fallback_name(method, path), "summary": told.summary}
    if told.about:
        shown["description"] = told.about
    shown["tags"] = [told.tag]
    if told.deprecated:
        shown["deprecated"] = True
    parameters = [_parameter(each) for each in _arguments(method, told)]
    if parameters:
        shown["parameters"] = parameters
    if method in WITH_BODY or told.body is not None:
        shown["requestBody"] = _body(told)
    shown["responses"] = {
        str(status): reply.as_json()
        if isinstance(reply, Reply)
        else {"$ref": f"#/components/responses/{reply}"}
        for status, reply in sorted(_replies(method, path, told).items())
    }
    return shown


def fallback_name(method: str, path: str) -> str:
    """An operationId from the path alone: ``getCacheKey``."""
    return method + (pascal(path) or "Root")


def _arguments(method: str, told: Operation) -> list[str | Parameter]:
    given = list(told.arguments)
    if told.stores:
        given += _WRITING
    if told.tagged or told.stores:
        given += _CONDITIONS
    return given


def _parameter(argument: str | Parameter) -> Json:
    if isinstance(argument, str):
        return {"$ref": f"#/components/parameters/{argument}"}
    return argument.as_json()


def _body(told: Operation) -> Json:
    schema: Json = OBJECT if told.body is None else dict(told.body)
    return {"content": {media: {"schema": schema} for media in told.media}, "required": told.body_required}


def _replies(method: str, path: str, told: Operation) -> dict[int, Reply | str]:
    replies = dict(_EVERYWHERE)
    if method in WITH_BODY or told.body is not None:
        replies[415] = "UnsupportedMedia"
    if "{" in path:
        replies[404] = "NotFound"
    if told.stores:
        replies |= {409: "Conflict", 412: "PreconditionFailed", 504: "NotEverywhere"}
    if told.tagged and method == "get":
        replies |= {304: "NotModified", 412: "PreconditionFailed"}
    replies |= told.replies
    return _with_trial(replies) if told.stores else replies


def _with_trial(replies: dict[int, Reply | str]) -> dict[int, Reply | str]:
    """The replies of a write, and what it answers where it is only tried out."""
    made = {status: reply for status, reply in replies.items() if isinstance(reply, Reply) and reply.schema}
    shown: dict[int, Reply | str] = {
        status: replace(reply, schema={"anyOf": [reply.schema, TRIED]})
        for status, reply in made.items()
        if status < 300
    }
    if 204 in replies:
        shown[200] = Reply("With `dry_run`: what would go.", TRIED)
    return replies | shown
