"""``/schemas/*`` and what tells of plugins: how entities must look, and whether one does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted_kong.admin.answers import Answer, as_json, message
from twisted_kong.admin.calls import Call, Handler, Table
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.kinds import record_in
from twisted_kong.core.schema.context import WriteContext
from twisted_kong.core.schema.schema import Schema

VALID = "schema validation successful"


class SchemaEndpoints:
    """The endpoints that describe and validate.

    :param context: the moment of a write, for defaults and automatic fields.
    :param enabled: the names of the plugins loaded on this node.
    """

    def __init__(
        self,
        schemas: Mapping[str, Schema],
        context: Callable[[], WriteContext],
        enabled: Callable[[], list[str]],
    ) -> None:
        self._schemas = schemas
        self._context = context
        self._enabled = enabled

    def table(self) -> Table:
        """Paths and handlers."""
        return {
            "/schemas/{name}": {"GET": self.show},
            "/schemas/{db_entity_name}/validate": {"POST": self.validate},
            "/schemas/plugins/{name}": {"GET": self._refinement("plugins", "plugin")},
            "/schemas/plugins/validate": {"POST": self._validation("plugins")},
            "/schemas/vaults/{name}": {"GET": self._refinement("vaults", "vault")},
            "/schemas/vaults/validate": {"POST": self._validation("vaults")},
            "/plugins/enabled": {"GET": self.enabled_plugins},
            "/plugins/schema/{name}": {"GET": self.plugin_config},
        }

    async def show(self, call: Call) -> Answer:
        """GET: the schema of a kind."""
        return as_json(200, self._schema(call.params["name"]).describe())

    async def validate(self, call: Call) -> Answer:
        """POST: judge a record of a kind."""
        return self._judged(call.params["db_entity_name"], call)

    async def enabled_plugins(self, call: Call) -> Answer:
        """GET: what is loaded here."""
        return as_json(200, {"enabled_plugins": self._enabled()})

    async def plugin_config(self, call: Call) -> Answer:
        """GET: only the configuration record of a plugin (deprecated in Kong)."""
        described = self._described("plugins", call.params["name"], "plugin")
        return as_json(200, next(field["config"] for field in described["fields"] if "config" in field))

    def _refinement(self, kind: str, noun: str) -> Handler:
        async def show(call: Call) -> Answer:
            return as_json(200, self._described(kind, call.params["name"], noun))

        return show

    def _validation(self, kind: str) -> Handler:
        async def validate(call: Call) -> Answer:
            return self._judged(kind, call)

        return validate

    def _judged(self, kind: str, call: Call) -> Answer:
        schema = self._schema(kind)
        schema.validate(record_in(schema, call.body), self._context())
        return message(200, VALID)

    def _described(self, kind: str, name: str, noun: str) -> dict[str, Any]:
        try:
            return self._schemas[kind].describe_subschema(name)
        except KeyError:
            raise Refused(404, f"No {noun} named '{name}'") from None

    def _schema(self, name: str) -> Schema:
        schema = self._schemas.get(name)
        if schema is None:
            raise Refused(404, f"No entity named '{name}'")
        return schema
