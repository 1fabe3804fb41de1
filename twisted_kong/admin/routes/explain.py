"""``/debug/explain``: what this node would do with a request, and why not something else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from twisted_kong.admin.answers import Answer, as_json
from twisted_kong.admin.calls import Call, Table
from twisted_kong.admin.failures import Refused
from twisted_kong.core.changes import Entity
from twisted_kong.core.schema.validators import is_uuid

PATH = "/debug/explain"


class IExplain(Protocol):
    """Explains requests."""

    def __call__(
        self, request: Mapping[str, Any], consumer_id: str | None, told_by: str | None
    ) -> Awaitable[dict[str, Any]]:
        """What becomes of a request with these members, as JSON.

        Raises ValueError, which says why, for one that never gets to a Route.
        """
        ...


def explain_table(explain: IExplain, consumers: Any) -> Table:
    """The endpoint.

    :param consumers: the DAO by which a Consumer that is named is found.
    """

    async def answer(call: Call) -> Answer:
        """POST: explain the request in the body"""
        record = call.body.record if call.body.pairs is None else dict(call.body.pairs)
        request, consumer, told_by = _judged(record)
        found = None if consumer is None else await _find(consumers, *consumer)
        try:
            told = await explain(request, None if found is None else found["id"], told_by)
        except ValueError as error:
            raise Refused(400, str(error)) from None
        named = None if found is None else {"id": found["id"], "username": found.get("username")}
        return as_json(200, {**told, "consumer": named})

    return {PATH: {"POST": answer}}


async def _find(consumers: Any, field: str, value: str) -> Entity:
    found: Entity | None
    found = await (consumers.select(value) if field == "id" else consumers.select_by(field, value))
    if found is None:
        raise Refused(400, f"consumer: there is none with the {field} '{value}'")
    return found


def _judged(record: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, str] | None, str | None]:
    """The request, by which field which Consumer is named, and the plugin that tells it."""
    given = {name: value for name, value in record.items() if value is not None}
    for name in given:
        if name not in _READERS and name != "consumer":
            raise Refused(400, f"{name}: unknown field")
    request = {name: read(name, given[name]) for name, read in _READERS.items() if name in given}
    if request.get("scheme", "http") not in ("http", "https"):
        raise Refused(400, "scheme: expected http or https")
    if not request.get("path", "/").startswith("/"):
        raise Refused(400, "path: should start with /")
    return request, *_consumer(given.get("consumer"))


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise Refused(400, f"{name}: expected a string that is not empty")
    return value


def _lists(name: str, value: Any) -> dict[str, list[str]]:
    """Names with a text or a list of texts each."""
    if not isinstance(value, dict):
        raise Refused(400, f"{name}: expected an object of strings or lists of strings")
    found = {}
    for key, given in value.items():
        values = given if isinstance(given, list) else [given]
        if not all(isinstance(each, str) for each in values):
            raise Refused(400, f"{name}.{key}: expected a string or a list of strings")
        found[key] = values
    return found


def _query(name: str, value: Any) -> str | dict[str, list[str]]:
    return value if isinstance(value, str) else _lists(name, value)


def _end(name: str, value: Any) -> tuple[str, int]:
    """An address: ``{"ip": …, "port": …}``."""
    if not isinstance(value, dict) or not value.keys() <= {"ip", "port"}:
        raise Refused(400, f"{name}: expected an object with ip and port")
    port = value.get("port") or 0
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port < 65536:
        raise Refused(400, f"{name}.port: expected an integer from 0 to 65535")
    return _text(f"{name}.ip", value.get("ip") or "127.0.0.1"), port


# What reads each member of a request.
_READERS: Mapping[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("method", "scheme", "host", "path", "sni"), _text),
    "query": _query,
    "headers": _lists,
    "source": _end,
    "destination": _end,
}


def _consumer(value: Any) -> tuple[tuple[str, str] | None, str | None]:
    if value is None:
        return None, None
    if isinstance(value, str):
        value = {"id" if is_uuid(value) else "username": value}
    if not isinstance(value, dict) or not value.keys() <= {"id", "username", "plugin"}:
        raise Refused(400, "consumer: expected an id, a username, or an object with one of them")
    field = next((name for name in ("id", "username") if value.get(name)), None)
    if field is None:
        raise Refused(400, "consumer: expected an id or a username")
    named = _text(f"consumer.{field}", value[field])
    if field == "id" and not is_uuid(named):
        raise Refused(400, "consumer.id: expected a valid UUID")
    plugin = value.get("plugin")
    return (field, named), None if plugin is None else _text("consumer.plugin", plugin)
