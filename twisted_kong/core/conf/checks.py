"""Rules between properties, with Kong's messages; those that need a file to be read are the node's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from twisted_kong.core.conf.masking import Setting
from twisted_kong.core.conf.problems import Problem
from twisted_kong.core.hosts import InvalidHost, parse_servers

CERTIFICATE_GROUPS = {
    "": "proxy_listen",
    "admin_": "admin_listen",
    "status_": "status_listen",
    "admin_gui_": "admin_gui_listen",
}
"""Prefix of ``ssl_cert`` and ``ssl_cert_key`` → the listeners that use them."""

_GUI_PATH = re.compile(r"/[A-Za-z0-9_/-]*\Z")

# Of a name in PostgreSQL, in bytes.
_LONGEST_NAME = 63

_SHORTEST_TOKEN = 32

Found = Iterator[tuple[str, str]]


def cross_check(values: Mapping[str, Any], settings: Mapping[str, Setting], problems: list[Problem]) -> None:
    """Add what is wrong between properties, each that is well-formed by itself, to ``problems``."""
    for check in _CHECKS:
        for name, message in check(values):
            problems.append(Problem(message, settings[name].origin))


def _certificates(values: Mapping[str, Any]) -> Found:
    for group in CERTIFICATE_GROUPS:
        cert, key = f"{group}ssl_cert", f"{group}ssl_cert_key"
        certs, keys = len(values[cert]), len(values[key])
        if certs and not keys:
            yield cert, f"{key} must be specified"
        elif keys and not certs:
            yield key, f"{cert} must be specified"
        elif certs != keys:
            yield cert, f"{cert} was specified {certs} times while {key} was specified {keys} times"


def _client_certificate(values: Mapping[str, Any]) -> Found:
    if values["client_ssl"]:
        if values["client_ssl_cert"] and not values["client_ssl_cert_key"]:
            yield "client_ssl_cert", "client_ssl_cert_key must be specified"
        elif values["client_ssl_cert_key"] and not values["client_ssl_cert"]:
            yield "client_ssl_cert_key", "client_ssl_cert must be specified"


def _admin_clients(values: Mapping[str, Any]) -> Found:
    """Without authorities nobody could be verified; nginx does not start then either."""
    name = "nginx_admin_ssl_verify_client"
    if values[name] in ("on", "optional") and not values["nginx_admin_ssl_client_certificate"]:
        yield name, f"{name} = {values[name]}: nginx_admin_ssl_client_certificate must be specified"


def _admin_token(values: Mapping[str, Any]) -> Found:
    """Whoever guesses it owns the gateway, and it has to fit into a header."""
    name, token = "admin_token", values["admin_token"]
    if token is None:
        return
    text = token.reveal()
    if len(text) < _SHORTEST_TOKEN:
        yield name, f"{name} must have at least {_SHORTEST_TOKEN} characters"
    if not (text.isascii() and text.isprintable()) or " " in text:
        yield name, f"{name} must consist of printable ASCII characters without spaces"


def _frequencies(values: Mapping[str, Any]) -> Found:
    for name in ("db_update_frequency", "worker_state_update_frequency"):
        if values[name] <= 0:
            yield name, f"{name} must be greater than 0"


def _tracing(values: Mapping[str, Any]) -> Found:
    name = "tracing_instrumentations"
    if "off" in values[name] and len(values[name]) > 1:
        yield name, "invalid tracing types: off, other types are mutually exclusive"


def _gui_path(values: Mapping[str, Any]) -> Found:
    name = "admin_gui_path"
    path = values[name]
    if not path.startswith("/"):
        yield name, f"{name} must start with a slash ('/')"
    elif path != "/" and path.endswith("/"):
        yield name, f"{name} must not end with a slash ('/')"
    elif not _GUI_PATH.match(path):
        yield (
            name,
            f"{name} can only contain letters, digits, hyphens ('-'), underscores ('_') and slashes ('/')",
        )
    elif "//" in path:
        yield name, f"{name} must not contain continuous slashes ('/')"


def _cassandra(values: Mapping[str, Any]) -> Found:
    if values["database"] != "cassandra":
        return
    policy = values["cassandra_lb_policy"]
    if "DCAware" in policy and not values["cassandra_local_datacenter"]:
        yield (
            "cassandra_lb_policy",
            f"must specify 'cassandra_local_datacenter' when {policy} policy is in use",
        )
    for point in values["cassandra_contact_points"]:
        if ":" in point:
            yield (
                "cassandra_contact_points",
                f"bad cassandra contact point '{point}': port must be specified in cassandra_port",
            )


def _postgres(values: Mapping[str, Any]) -> Found:
    if values["database"] != "postgres":
        return
    for name in ("pg_host", "pg_ro_host"):
        try:
            parse_servers(values[name] or "localhost", 1)
        except InvalidHost as error:
            yield name, f"{name}: {error}"
    for name in ("pg_schema", "pg_ro_schema"):
        # the server would take the beginning of a longer one, and thus perhaps another's
        if len((values[name] or "").encode()) > _LONGEST_NAME:
            yield name, f"{name} must not be longer than {_LONGEST_NAME} bytes"


def _same_address(values: Mapping[str, Any]) -> Found:
    """Two listeners on one address would make the start fail with a less telling message."""
    seen: dict[tuple[str, int], str] = {}
    for name in ("proxy_listen", "admin_listen", "status_listen"):
        for listener in values[name]:
            where = (listener.host, listener.port)
            if listener.port and where in seen:
                yield name, f"{name} has {listener.address}, which {seen[where]} has already"
            seen.setdefault(where, name)


_CHECKS = (
    _certificates,
    _client_certificate,
    _admin_clients,
    _admin_token,
    _frequencies,
    _tracing,
    _gui_path,
    _postgres,
    _cassandra,
    _same_address,
)
