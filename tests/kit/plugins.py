"""One bundled plugin on a stage: its rows, a node, and what a request comes to."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger, formatEvent

from tests.kit.deferreds import success_of
from tests.kit.pdk import Entity, a_gateway, answered
from twisted_kong.core.context import Answer, RequestContext
from twisted_kong.core.headers import Headers
from twisted_kong.core.plan import PluginPlan
from twisted_kong.pdk.loader import load_plugins
from twisted_kong.pdk.phases import Phases


class PluginStage:
    """Some plugins, each configured as given, over a node that holds some entities."""

    def __init__(self, configured: dict[str, dict[str, Any]], **entities: list[Entity]) -> None:
        loaded = load_plugins(list(configured))
        self.events: list[Any] = []
        log = Logger("kong", observer=self.events.append)  # type: ignore[arg-type]
        self.gateway = a_gateway(log=log, **entities)
        self.plan = PluginPlan(loaded.priorities)
        self.defaults = {each.name: _defaults(each.config) for each in loaded.definitions}
        for name, config in configured.items():
            self.put(name, config)
        self.phases = Phases(self.plan, loaded.handlers, self.gateway)
        success_of(self.phases.init_worker())

    def put(self, name: str, config: dict[str, Any], row_id: str | None = None, **bound: str) -> None:
        """A row with this configuration, the rest as the schema says."""
        references = {kind: {"id": id} for kind, id in bound.items()}
        row = {"id": row_id or f"row-{name}", "name": name, "config": self.defaults[name] | config}
        self.plan.put(row | references)

    def access(self, context: RequestContext) -> Answer | None:
        """What the plugins answer, which must be known by now; None lets the request pass."""
        answering = self.phases.access(context)
        return success_of(answering) if isinstance(answering, Deferred) else answering

    @property
    def lines(self) -> list[str]:
        """The log."""
        return [formatEvent(event) for event in self.events]


def _defaults(config: dict[str, Any]) -> dict[str, Any]:
    return {name: field.get("default") for name, field in config["fields"].items()}


def message_of(answer: Answer | None) -> tuple[int, str]:
    """Status and message of an error."""
    assert answer is not None
    return answer.status, json.loads(answer.body)["message"]


def headers_of(answer: Answer) -> dict[str, str]:
    """The headers of an answer, by lower-case name."""
    return {name.decode().lower(): value.decode() for name, value in answer.headers}


def client_headers(context: RequestContext) -> dict[str, str]:
    """What the plugins set on whatever the client gets."""
    headers = Headers()
    if context.response_edits is not None:
        context.response_edits.apply(headers)
    return {name.decode().lower(): value.decode() for name, value in headers.items()}


__all__ = ["PluginStage", "answered", "client_headers", "headers_of", "message_of"]
