"""What is answered when something is refused: the error objects by their codes, and the responses.

The error objects follow from :mod:`twisted_kong.core.errors`; everything else that is refused has Kong's
plain body, ``{"message": …}``, or the small HTML page that nginx puts where there is no body.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from twisted_kong.admin.openapi.shapes import TEXT, listed, record, ref
from twisted_kong.core import errors
from twisted_kong.core.declarative.problems import DeclarativeConfig
from twisted_kong.core.errors import EntityError

Json = dict[str, Any]

_KEYS = (errors.InvalidPrimaryKey, errors.InvalidUnique)
_PAGE = (errors.InvalidSize, errors.InvalidOffset, errors.InvalidOptions, *_KEYS)
_WRITE = (
    errors.SchemaViolation,
    errors.PrimaryKeyViolation,
    errors.ForeignKeyViolation,
    errors.InvalidOptions,
    errors.ForeignKeysUnresolved,
    *_KEYS,
)
_DELETE = (errors.ForeignKeyViolation, errors.ReferencedByOthers, *_KEYS)
_DOCUMENT = (DeclarativeConfig, *_WRITE)
_OTHERS = (errors.NotFound, errors.UniqueViolation, errors.PreconditionFailed)
_SHOWN = tuple(dict.fromkeys((*_PAGE, *_WRITE, *_DELETE, *_DOCUMENT, *_OTHERS)))

MESSAGE = ref("Message")
_HTML = {"text/html": {"schema": {"type": "string"}}}


def error_schemas() -> Iterator[tuple[str, Json]]:
    """The schemas of the error objects, and of the plain message."""
    yield (
        "Message",
        {
            "type": "object",
            "properties": {"message": {"type": "string", "description": "What is wrong, for people."}},
            "required": ["message"],
        },
    )
    for kind in _SHOWN:
        yield error_name(kind), _error_schema(kind)


def error_name(kind: type[EntityError]) -> str:
    """What an error is called among the components."""
    return f"{kind.__name__}Error"


def refusal_responses() -> Iterator[tuple[str, Json]]:
    """The responses that operations refer to, by name."""
    yield "BadRequest", _response("The arguments make no sense.", (), html=True)
    yield "BadPage", _response("No such page, or the arguments make no sense.", _PAGE, html=True)
    yield "BadKey", _response("The path holds neither an id nor a name.", _KEYS, html=True)
    yield "BadWrite", _response("The record is refused; nothing was written.", _WRITE, html=True)
    yield "BadDelete", _response("It is still needed; nothing was written.", _DELETE, html=True)
    yield "BadDocument", _response("The document is refused; nothing was written.", _DOCUMENT, html=True)
    yield "Unauthorized", _unauthorized()
    yield (
        "Forbidden",
        _response("The Host or the Origin is not one of this node's, or the token may not do this.", ()),
    )
    yield "NotFound", _response("There is no such thing.", (errors.NotFound,))
    yield "NotFoundPage", _response("There is no such thing.", (), html=True)
    yield "MethodNotAllowed", _response("The path has no such method.", ())
    yield "Conflict", _response("Another entity has the same unique value.", (errors.UniqueViolation,))
    yield "NotModified", {"description": "It is as `If-None-Match` says.", "headers": _headers("ETag")}
    failed = _response("`If-Match` or `If-None-Match` does not hold.", (errors.PreconditionFailed,))
    yield "PreconditionFailed", {**failed, "headers": _headers("ETag")}
    yield "TooLarge", _page("The body is larger than `nginx_admin_client_max_body_size`.")
    yield "UnsupportedMedia", _page("The Content-Type is none of those that are taken.")
    yield "Failed", _response("The node failed, or cannot tell whether a write took effect.", ())
    yield "Unavailable", _response("The database is away; nothing was written.", ())
    yield "NotEverywhere", _not_everywhere()


def _error_schema(kind: type[EntityError]) -> Json:
    name: Json = {"const": kind.name}
    if kind is errors.InvalidUnique:
        name = {"type": "string", "pattern": f"^{kind.name} "}
    properties: Json = {
        "code": {"const": kind.code},
        "name": name,
        "message": {"type": "string", "description": "What is wrong, for people."},
    }
    required = ["code", "name", "message"]
    if kind is errors.PreconditionFailed:
        properties["etag"] = {"type": ["string", "null"], "description": "What is there now."}
    elif kind not in (errors.InvalidUnique, errors.InvalidSize, errors.InvalidOffset):
        properties[kind.fields_key] = {
            "type": "object",
            "description": "What is wrong with which field, in the shape of the record.",
        }
    about = (kind.__doc__ or "").partition("\n")[0]
    return {"type": "object", "description": about, "properties": properties, "required": required}


def _response(about: str, kinds: Iterable[type[EntityError]], *, html: bool = False) -> Json:
    choices = [ref(error_name(kind)) for kind in kinds]
    schema: Json = {"anyOf": [*choices, MESSAGE]} if choices else MESSAGE
    content: Json = {"application/json": {"schema": schema}}
    return {"description": about, "content": {**content, **_HTML} if html else content}


def _page(about: str) -> Json:
    return {"description": about, "content": _HTML}


def _unauthorized() -> Json:
    told = _response("No token, or none that is known.", ())
    challenge: Json = {"description": "How to authenticate.", "schema": {"type": "string"}}
    return {**told, "headers": {"WWW-Authenticate": challenge}}


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _not_everywhere() -> Json:
    schema = record(message=TEXT, position=TEXT, laggards=listed(ref("NodeAtPosition")))
    return {
        "description": "The write stands, but not all nodes had applied it in time.",
        "headers": _headers("X-Kong-Position"),
        "content": {"application/json": {"schema": schema}},
    }
