"""How the plugins for language models are told which model to ask, where, and in whose name."""

from __future__ import annotations

from typing import Any

from twisted_kong.core.schema.typedefs import HOST, PORT, URL, Shape

_TEXT: Shape = {"type": "string", "required": False}
_NAME: Shape = {"type": "string", "required": False, "referenceable": True}
_SECRET: Shape = {"type": "string", "required": False, "encrypted": True, "referenceable": True}
_CHOICE: Shape = {"type": "boolean", "required": False}
_OFF: Shape = {**_CHOICE, "default": False}
_COST: Shape = {"type": "number", "required": False, "gt": 0}

LLM_PROVIDERS: list[str] = [
    *("openai", "azure", "anthropic", "cohere", "mistral"),
    *("llama2", "gemini", "bedrock", "huggingface"),
]

LLM_FORMAT: Shape = {
    "type": "string",
    "required": False,
    "default": "openai",
    "one_of": ["openai", "bedrock", "gemini"],
}

_ROUTE_TYPE: Shape = {
    "type": "string",
    "required": True,
    "one_of": ["llm/v1/chat", "llm/v1/completions", "preserve"],
}

_AUTH: Shape = {
    "type": "record",
    "required": False,
    "fields": {
        "header_name": _NAME,
        "header_value": _SECRET,
        "param_name": _NAME,
        "param_value": _SECRET,
        "param_location": {**_TEXT, "one_of": ["query", "body"]},
        "gcp_use_service_account": _OFF,
        "gcp_service_account_json": _NAME,
        "aws_access_key_id": _SECRET,
        "aws_secret_access_key": _SECRET,
        "allow_override": _OFF,
    },
}

_OPTIONS: Shape = {
    "type": "record",
    "required": False,
    "fields": {
        "max_tokens": {"type": "integer", "required": False},
        "input_cost": _COST,
        "output_cost": _COST,
        "temperature": {"type": "number", "required": False, "between": [0, 5]},
        "top_p": {"type": "number", "required": False, "between": [0, 1]},
        "top_k": {"type": "integer", "required": False, "between": [0, 500]},
        "anthropic_version": _TEXT,
        "azure_instance": _TEXT,
        "azure_api_version": {**_TEXT, "default": "2023-05-15"},
        "azure_deployment_id": _TEXT,
        "llama2_format": {**_TEXT, "one_of": ["raw", "openai", "ollama"]},
        "mistral_format": {**_TEXT, "one_of": ["openai", "ollama"]},
        "upstream_url": {**URL, "required": False},
        "upstream_path": _TEXT,
        "gemini": {
            "type": "record",
            "required": False,
            "fields": dict.fromkeys(("api_endpoint", "project_id", "location_id"), _TEXT),
            "entity_checks": [{"mutually_required": ["api_endpoint", "project_id", "location_id"]}],
        },
        "bedrock": {"type": "record", "required": False, "fields": {"aws_region": _TEXT}},
        "huggingface": {
            "type": "record",
            "required": False,
            "fields": dict.fromkeys(("use_cache", "wait_for_model"), _CHOICE),
        },
    },
}

_MODEL: Shape = {
    "type": "record",
    "required": True,
    "fields": {
        "provider": {"type": "string", "required": True, "one_of": LLM_PROVIDERS},
        "name": _TEXT,
        "options": _OPTIONS,
    },
}

_SWITCH: Shape = {"type": "boolean", "required": True, "default": False}
_LOGGING: Shape = {
    "type": "record",
    "required": True,
    "fields": {"log_statistics": _SWITCH, "log_payloads": _SWITCH},
}


def _wants(provider: str, option: str, text: str | None = None) -> Shape:
    return {
        "conditional_at_least_one_of": {
            "if_field": "model.provider",
            "if_match": {"one_of": [provider]},
            "then_at_least_one_of": [f"model.options.{option}"],
            "then_err": text or f"must set %s for {provider} provider",
        }
    }


LLM_FIELDS: dict[str, Shape] = {
    "route_type": _ROUTE_TYPE,
    "auth": _AUTH,
    "model": _MODEL,
    "logging": _LOGGING,
}
LLM_CHECKS: list[dict[str, Any]] = [
    {
        "conditional": {
            "if_field": "model.provider",
            "if_match": {"one_of": ["bedrock", "gemini"]},
            "then_err": "bedrock and gemini only support auth.allow_override = false",
            "then_field": "auth.allow_override",
            "then_match": {"eq": False},
        }
    },
    {"mutually_required": ["auth.header_name", "auth.header_value"]},
    {"mutually_required": ["auth.param_name", "auth.param_value", "auth.param_location"]},
    _wants("llama2", "llama2_format"),
    _wants("mistral", "mistral_format"),
    _wants("anthropic", "anthropic_version"),
    _wants("azure", "azure_instance"),
    _wants("azure", "azure_api_version"),
    _wants("azure", "azure_deployment_id"),
    _wants("llama2", "upstream_url", "must set %s for self-hosted providers/models"),
    {
        "custom_entity_check": {
            "fields": ["route_type", "model", "logging"],
            "fn": "no_stats_for_anthropic_completions",
        }
    },
]
LLM: Shape = {"type": "record", "required": True, "fields": LLM_FIELDS, "entity_checks": LLM_CHECKS}

# how the plugins that have a model transform something reach it
TRANSFORMER_FIELDS: dict[str, Shape] = {
    "http_timeout": {"type": "integer", "required": True, "default": 60000},
    "https_verify": {"type": "boolean", "required": True, "default": True},
    "max_request_body_size": {"type": "integer", "default": 8192, "gt": 0},
    "http_proxy_host": HOST,
    "http_proxy_port": PORT,
    "https_proxy_host": HOST,
    "https_proxy_port": PORT,
    "llm": LLM,
}
TRANSFORMER_CHECKS: list[dict[str, Any]] = [
    {
        "conditional": {
            "if_field": "config.llm.route_type",
            "if_match": {"not_one_of": ["llm/v1/chat"]},
            "then_err": "'config.llm.route_type' must be 'llm/v1/chat' for AI transformer plugins",
            "then_field": "config.llm.route_type",
            "then_match": {"eq": "llm/v1/chat"},
        }
    },
    {"mutually_required": ["config.http_proxy_host", "config.http_proxy_port"]},
    {"mutually_required": ["config.https_proxy_host", "config.https_proxy_port"]},
]
