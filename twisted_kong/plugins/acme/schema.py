"""What acme is configured with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.schema.context import Scope
from twisted_kong.core.schema.plugin_typedefs import HTTP_ONLY, ONLY_GLOBAL, needs
from twisted_kong.core.schema.typedefs import HOST, PORT, REDIS, URL, deprecated

_RESERVED = ("kong_acme:renew_config:", "kong_acme:renew_last_run", "kong_acme:cert_key:")


def acme_namespace(value: str) -> str | None:
    """A prefix of keys in Redis that is not one of the plugin's own."""
    for word in _RESERVED:
        if value.startswith(word):
            return f"namespace can't be prefixed with reserved word: {word}"
    return None


def storage_mode(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether this node can have that storage; Kong: not all can without a database or as a control plane."""
    return None


SCHEMA: dict[str, Any] = {
    "name": "acme",
    "priority": 1705,
    "version": "3.9.1",
    "phases": ["init_worker", "configure", "certificate", "access"],
    "scopes": ONLY_GLOBAL,
    "protocols": HTTP_ONLY,
    "config": {
        "type": "record",
        "required": True,
        "fields": {
            "account_email": {
                "type": "string",
                "required": True,
                "encrypted": True,
                "regex": "[A-Za-z0-9]*[!-/:-@\\[-`{-~]*@+[A-Za-z0-9]*\\.?[A-Za-z0-9]*",
                "referenceable": True,
            },
            "account_key": {
                "type": "record",
                "required": False,
                "fields": {"key_id": {"type": "string", "required": True}, "key_set": {"type": "string"}},
            },
            "api_uri": {**URL, "default": "https://acme-v02.api.letsencrypt.org/directory"},
            "tos_accepted": {"type": "boolean", "default": False},
            "eab_kid": {"type": "string", "encrypted": True, "referenceable": True},
            "eab_hmac_key": {"type": "string", "encrypted": True, "referenceable": True},
            "cert_type": {"type": "string", "default": "rsa", "one_of": ["rsa", "ecc"]},
            "rsa_key_size": {"type": "number", "default": 4096, "one_of": [2048, 3072, 4096]},
            "renew_threshold_days": {"type": "number", "default": 14},
            "domains": {
                "type": "array",
                "elements": {
                    "type": "string",
                    "check": {"fn": "host_pattern"},
                    "match_all": [
                        {
                            "regex": "^[^*]*\\*?[^*]*$",
                            "err": "invalid wildcard: must have at most one wildcard",
                        }
                    ],
                    "match_any": {
                        "regexes": ["^\\*\\.", "\\.\\*$", "^[^*]*$"],
                        "err": "invalid wildcard: must be placed at leftmost or rightmost label",
                    },
                },
            },
            "allow_any_domain": {"type": "boolean", "default": False},
            "fail_backoff_minutes": {"type": "number", "default": 5},
            "storage": {
                "type": "string",
                "default": "shm",
                "one_of": ["kong", "shm", "redis", "consul", "vault"],
            },
            "storage_config": {
                "type": "record",
                "required": True,
                "fields": {
                    "shm": {
                        "type": "record",
                        "required": True,
                        "fields": {
                            "shm_name": {"type": "string", "default": "kong", "check": {"fn": "shm_exists"}}
                        },
                    },
                    "kong": {"type": "record", "required": True, "fields": {}},
                    "redis": {
                        "type": "record",
                        "required": True,
                        "fields": {
                            **REDIS["fields"],
                            "extra_options": {
                                "type": "record",
                                "required": True,
                                "fields": {
                                    "namespace": {
                                        "type": "string",
                                        "required": True,
                                        "default": "",
                                        "check": {"fn": "acme_namespace"},
                                        "len_min": 0,
                                    },
                                    "scan_count": {"type": "number", "required": False, "default": 10},
                                },
                            },
                        },
                        "shorthand_fields": {
                            "auth": deprecated("string", "password", len_min=0),
                            "ssl_server_name": deprecated("string", "server_name"),
                            "namespace": deprecated("string", "extra_options.namespace", len_min=0),
                            "scan_count": deprecated("integer", "extra_options.scan_count"),
                        },
                    },
                    "consul": {
                        "type": "record",
                        "required": True,
                        "fields": {
                            "https": {"type": "boolean", "default": False},
                            "host": HOST,
                            "port": PORT,
                            "kv_path": {"type": "string"},
                            "timeout": {"type": "number"},
                            "token": {"type": "string", "referenceable": True},
                        },
                    },
                    "vault": {
                        "type": "record",
                        "required": True,
                        "fields": {
                            "https": {"type": "boolean", "default": False},
                            "host": HOST,
                            "port": PORT,
                            "kv_path": {"type": "string"},
                            "timeout": {"type": "number"},
                            "token": {"type": "string", "referenceable": True},
                            "tls_verify": {"type": "boolean", "default": True},
                            "tls_server_name": {"type": "string"},
                            "auth_method": {
                                "type": "string",
                                "default": "token",
                                "one_of": ["token", "kubernetes"],
                            },
                            "auth_path": {"type": "string"},
                            "auth_role": {"type": "string"},
                            "jwt_path": {"type": "string"},
                        },
                    },
                },
            },
            "preferred_chain": {"type": "string"},
            "enable_ipv4_common_name": {"type": "boolean", "default": True},
        },
    },
    "entity_checks": [
        {
            "conditional": {
                "if_field": "config.api_uri",
                "if_match": {
                    "one_of": [
                        "https://acme-v02.api.letsencrypt.org",
                        "https://acme-staging-v02.api.letsencrypt.org",
                    ]
                },
                "then_err": "terms of service must be accepted, see https://letsencrypt.org/repository/",
                "then_field": "config.tos_accepted",
                "then_match": {"eq": True},
            }
        },
        needs("config.storage", "redis", "config.storage_config.redis.host"),
        needs("config.storage", "redis", "config.storage_config.redis.port"),
        {"custom_entity_check": {"fields": ["config.storage"], "fn": "storage_mode"}},
    ],
    "entities": ["acme_storage"],
}

FUNCTIONS = {"acme_namespace": acme_namespace, "storage_mode": storage_mode}
