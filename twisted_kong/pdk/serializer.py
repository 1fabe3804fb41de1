"""The log entry of a request, in the shape of Kong's log serializer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted_kong.core.changes import Entity
from twisted_kong.core.context import RequestContext, Try
from twisted_kong.core.headers import Headers
from twisted_kong.core.query import parse_args
from twisted_kong.pdk.texts import table_of

Custom = tuple[str, Any, str]
"""A dotted key, its value, and whether to ``set``, ``add`` or ``replace``."""

_REDACTED = ("authorization", "proxy-authorization")
_MOST_FIELDS = 1000


def serialize(
    ctx: RequestContext, workspace: str, now: float, custom: Iterable[Custom] = ()
) -> dict[str, Any]:
    """The entry of a request that is finished ``now`` (epoch seconds)."""
    entry: dict[str, Any] = {
        "request": _request(ctx),
        "response": _response(ctx),
        "latencies": _latencies(ctx, now),
        "tries": [_try(each) for each in ctx.tries],
        "client_ip": ctx.client_ip,
        "started_at": int(ctx.started * 1000),
        "source": "upstream" if _source(ctx) == "service" else "kong",
        "workspace": workspace,
        "workspace_name": "default",
    }
    if ctx.upstream is not None:
        query = ctx.upstream.query
        raw = ctx.upstream.path if query is None else ctx.upstream.path + b"?" + query
        entry["upstream_uri"] = raw.decode("latin-1")
    if ctx.tries:
        entry["upstream_status"] = str(ctx.status) if _source(ctx) == "service" else ""
    for name, entity in (("route", ctx.route), ("service", ctx.service), ("consumer", ctx.consumer)):
        if entity is not None:
            entry[name] = shown_entity(entity, workspace)
    if ctx.credential is not None:
        consumer = ctx.credential.get("consumer") or {}
        entry["authenticated_entity"] = {"id": ctx.credential.get("id"), "consumer_id": consumer.get("id")}
    for key, value, mode in custom:
        _put(entry, key.split("."), value, mode)
    return entry


def shown_entity(entity: Entity, workspace: str) -> Entity:
    """An entity as Kong's plugins show it: without the fields that have no value, with its workspace."""
    return {name: value for name, value in entity.items() if value is not None} | {"ws_id": workspace}


def _source(ctx: RequestContext) -> str:
    return ctx.source if ctx.response is None else ctx.response.source


def _request(ctx: RequestContext) -> dict[str, Any]:
    head = ctx.head
    target = head.target.decode("latin-1")
    headers = table_of(head.headers.items(), _MOST_FIELDS)
    for name in _REDACTED:
        if name in headers:
            headers[name] = "REDACTED"
    host = head.host.decode("latin-1").lower()
    bare = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
    return {
        "id": ctx.request_id,
        "uri": target,
        "url": f"{ctx.scheme}://{bare}:{ctx.listener_port}{target}",
        "querystring": parse_args(head.query or b""),
        "method": head.method.decode("latin-1"),
        "headers": headers,
        "size": ctx.request_size,
    }


def _response(ctx: RequestContext) -> dict[str, Any]:
    headers = Headers() if ctx.response is None else ctx.response.headers
    return {
        "status": ctx.status,
        "headers": table_of(headers.items(), _MOST_FIELDS),
        "size": ctx.response_size,
    }


def _latencies(ctx: RequestContext, now: float) -> dict[str, int]:
    """In milliseconds; ``proxy`` is the wait for the Service, -1 where it was not asked."""
    asked = ctx.balanced_at > 0 and ctx.answered_at > 0
    ended = now
    return {
        "kong": _milliseconds((ctx.balanced_at or ended) - ctx.started),
        "proxy": _milliseconds(ctx.answered_at - ctx.balanced_at) if asked else -1,
        "request": _milliseconds(ended - ctx.started),
        "receive": _milliseconds(ended - ctx.answered_at) if asked else 0,
    }


def _milliseconds(seconds: float) -> int:
    return max(0, int(seconds * 1000))


def _try(each: Try) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "balancer_start": int(each.started * 1000),
        "balancer_start_ns": int(each.started * 1_000_000_000),
        "balancer_latency": _milliseconds(each.ended - each.started),
        "balancer_latency_ns": max(0, int((each.ended - each.started) * 1_000_000_000)),
        "ip": each.ip,
        "port": each.port,
    }
    if each.state is not None:
        entry["state"] = each.state
    if each.code is not None:
        entry["code"] = each.code
    return entry


def _put(entry: dict[str, Any], path: list[str], value: Any, mode: str) -> None:
    for name in path[:-1]:
        inner = entry.get(name)
        if not isinstance(inner, dict):
            if mode == "replace":
                return
            inner = {}
        # A table of the request must not be changed for others.
        inner = entry[name] = dict(inner)
        entry = inner
    there = path[-1] in entry
    if (mode == "add" and there) or (mode == "replace" and not there):
        return
    entry[path[-1]] = value
