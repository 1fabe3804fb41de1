"""Answers requests by itself instead of passing them on."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NoReturn

from twisted_kong.core.changes import Entity
from twisted_kong.core.replies import REASONS
from twisted_kong.pdk.bodies import BodyError
from twisted_kong.pdk.call import Conf
from twisted_kong.pdk.kong import Kong
from twisted_kong.pdk.serializer import shown_entity

# Kong: what is said where the configuration says nothing.
_MESSAGES = {
    401: "Unauthorized",
    404: "Not found",
    405: "Method not allowed",
    500: "An unexpected error occurred",
    502: "Bad Gateway",
    503: "Service unavailable",
}
_NO_BODY = frozenset((204, 304))


class Handler:
    """Ends every request, or those that carry the trigger."""

    PRIORITY = 2
    VERSION = "3.9.1"

    async def access(self, kong: Kong, conf: Conf) -> None:
        """Answer, unless there is a trigger and the request does not have it."""
        trigger, request = conf["trigger"], kong.request
        if trigger and request.get_header(trigger) is None and request.get_query_arg(trigger) is None:
            return
        status: int = conf["status_code"]
        if conf["echo"]:
            message = conf["message"] or _MESSAGES.get(status)
            kong.response.exit(status, await _picture(kong, message))
        if conf["body"]:
            kong.response.exit(status, conf["body"], {"Content-Type": _content_type(conf)})
        _plain(kong, status, conf["message"] or _MESSAGES.get(status))


def _content_type(conf: Conf) -> str:
    given = conf["content_type"]
    if not given:
        return "application/json; charset=utf-8"
    # Kong: nginx adds its charset to text.
    return f"{given}; charset=UTF-8" if given in ("text/html", "text/plain") else str(given)


def _plain(kong: Kong, status: int, message: str | None) -> NoReturn:
    if status in _NO_BODY or status < 200:
        kong.response.exit(status)
    if message is None and status >= 400 and status in REASONS:
        # Kong: nginx fills in its own page.
        page = _page(f"{status} {REASONS[status].decode()}")
        kong.response.exit(status, page, {"Content-Type": "text/html; charset=UTF-8"})
    kong.response.exit(status, None if message is None else {"message": message})


def _page(title: str) -> str:
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )


async def _picture(kong: Kong, message: str | None) -> dict[str, Any]:
    """What Kong's ``echo`` shows of the node, the request, and what matched."""
    request = kong.request
    captures = request.get_uri_captures()
    raw = await request.get_raw_body()
    shown: dict[str, Any] = {
        "scheme": request.get_scheme(),
        "host": request.get_host(),
        "port": request.get_port(),
        "headers": request.get_headers(),
        "query": request.get_query(),
        "raw_body": raw.decode("utf-8", "replace"),
        "method": request.get_method(),
        "path": request.get_path(),
        "uri_captures": {"named": captures.named, "unnamed": captures.unnamed},
    }
    # Kong: a body that is no table is shown raw only.
    with suppress(BodyError):
        shown["body"] = await request.get_body()
    picture: dict[str, Any] = {
        "kong": {
            "node_id": kong.node.get_id(),
            "worker_pid": kong.node.get_pid(),
            "hostname": kong.node.get_hostname(),
        },
        "request": shown,
        "matched_route": _entity(kong, kong.router.get_route()),
        "matched_service": _entity(kong, kong.router.get_service()),
    }
    return picture if message is None else {"message": message, **picture}


def _entity(kong: Kong, entity: Entity | None) -> Entity | None:
    return None if entity is None else shown_entity(entity, kong.call.gateway.workspace())
