"""``/schemas``: how entities must look; and which plugins are loaded."""

from __future__ import annotations

from typing import Any

from twisted_kong.admin.openapi.operations import Descriptions, Operation, Reply
from twisted_kong.admin.openapi.shapes import OBJECT, TEXT, listed, record, ref

TAG = "Schemas"

SCHEMAS: dict[str, dict[str, Any]] = {
    "EntitySchema": record(
        fields=listed({"type": "object", "minProperties": 1, "maxProperties": 1}),
        entity_checks=listed(OBJECT),
    )
}


def _shown(summary: str, name: str) -> Operation:
    # the name may be `validate`, a path that has no GET
    return Operation(
        summary,
        TAG,
        name,
        replies={200: Reply("In Kong's form.", ref("EntitySchema")), 405: "MethodNotAllowed"},
    )


def _judged(summary: str, name: str, body: dict[str, Any]) -> Operation:
    return Operation(
        summary,
        TAG,
        name,
        about="Nothing is written, and nothing looked up: only the record itself is judged.",
        arguments=("Wait", "WaitTimeout"),
        body=body,
        replies={200: Reply("It fits.", ref("Message")), 400: "BadWrite"},
    )


DESCRIPTIONS: Descriptions = {
    "/schemas/{name}": {"GET": _shown("Show the schema of a kind of entity", "getSchema")},
    "/schemas/plugins/{name}": {"GET": _shown("Show the schema of a plugin", "getPluginSchema")},
    "/schemas/vaults/{name}": {"GET": _shown("Show the schema of a kind of vault", "getVaultSchema")},
    "/schemas/{db_entity_name}/validate": {
        "POST": _judged("Judge a record without writing it", "validateEntity", OBJECT)
    },
    "/schemas/plugins/validate": {
        "POST": _judged("Judge a Plugin without writing it", "validatePlugin", ref("PluginDocument"))
    },
    "/schemas/vaults/validate": {
        "POST": _judged("Judge a Vault without writing it", "validateVault", ref("VaultDocument"))
    },
    "/plugins/enabled": {
        "GET": Operation(
            "List the plugins that are loaded",
            TAG,
            "listEnabledPlugins",
            replies={200: Reply("Their names.", record(enabled_plugins=listed(TEXT)))},
        )
    },
    "/plugins/schema/{name}": {
        "GET": Operation(
            "Show the configuration record of a plugin",
            TAG,
            "getPluginConfigSchema",
            deprecated=True,
            replies={200: Reply("The record alone.", OBJECT)},
        )
    },
}
