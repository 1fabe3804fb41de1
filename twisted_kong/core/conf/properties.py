"""Every property of kong.conf that is known, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from twisted_kong.core.conf.groups.cassandra import CASSANDRA
from twisted_kong.core.conf.groups.datastore import DATASTORE
from twisted_kong.core.conf.groups.dns import DNS
from twisted_kong.core.conf.groups.general import ERROR_PAGES, GENERAL
from twisted_kong.core.conf.groups.listeners import ADMIN, LISTENERS
from twisted_kong.core.conf.groups.nginx import EXTENSIONS, HYBRID, NGINX
from twisted_kong.core.conf.groups.postgres import POSTGRES
from twisted_kong.core.conf.groups.proxy import LIMITS, PROXY
from twisted_kong.core.conf.groups.tls import TLS
from twisted_kong.core.conf.property import Group, Property

GROUPS: tuple[Group, ...] = (
    GENERAL,
    LISTENERS,
    ADMIN,
    DATASTORE,
    PROXY,
    LIMITS,
    TLS,
    ERROR_PAGES,
    NGINX,
    POSTGRES,
    CASSANDRA,
    DNS,
    EXTENSIONS,
    HYBRID,
)

PROPERTIES: Mapping[str, Property] = MappingProxyType(
    {known.name: known for group in GROUPS for known in group.properties}
)
"""All properties by name, in the order of the documentation."""

DYNAMIC_PREFIXES: tuple[str, ...] = (
    "nginx_main_",
    "nginx_events_",
    "nginx_http_",
    "nginx_upstream_",
    "nginx_proxy_",
    "nginx_location_",
    "nginx_status_",
    "nginx_admin_",
    "nginx_stream_",
    "nginx_supstream_",
    "nginx_sproxy_",
    "nginx_wasm_",
    "vault_",
    "pluginserver_",
)
"""A name that begins with one of these is accepted though it is no property: Kong hands the first
twelve to nginx, the others to a vault or a plugin server."""


def is_dynamic(name: str) -> bool:
    """Whether a name that is no property is accepted all the same."""
    return name not in PROPERTIES and any(
        name.startswith(prefix) and name != prefix for prefix in DYNAMIC_PREFIXES
    )
