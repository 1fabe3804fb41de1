"""Data planes of a hybrid cluster, as the control plane last saw them."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import AUTO_TIMESTAMP, HOST, ID, IP

CLUSTERING_DATA_PLANES: dict[str, Any] = {
    "name": "clustering_data_planes",
    "primary_key": ["id"],
    "ttl": True,
    "admin_api_name": "clustering/data-planes",
    "generate_admin_api": False,
    "db_export": False,
    "fields": {
        "id": {**ID, "required": True},
        "last_seen": AUTO_TIMESTAMP,
        "updated_at": AUTO_TIMESTAMP,
        "ip": {**IP, "required": True},
        "config_hash": {"type": "string", "len_eq": 32},
        "hostname": {**HOST, "required": True},
        "version": {
            "type": "string",
            "match_any": {
                "regexes": [r"^\d+[.\d]*$", r"^\d+[.\d]*-?.*$"],
                "err": "invalid version number: must be in format of X.Y.Z",
            },
            "match_none": [{"regex": r"\.\.", "err": "must not have empty version segments"}],
        },
        "sync_status": {
            "type": "string",
            "required": True,
            "default": "unknown",
            "one_of": [
                "unknown",
                "normal",
                "kong_version_incompatible",
                "plugin_set_incompatible",
                "plugin_version_incompatible",
                "filter_set_incompatible",
            ],
        },
        "labels": {"type": "map", "keys": {"type": "string"}, "values": {"type": "string"}},
        "cert_details": {
            "type": "record",
            "required": True,
            "fields": {"expiry_timestamp": {"type": "number", "required": False, "timestamp": True}},
        },
        "rpc_capabilities": {"type": "set", "elements": {"type": "string"}},
    },
}
