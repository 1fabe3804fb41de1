"""The configuration of one node as a frozen value, with one typed attribute per property.

The attributes below are compared with ``properties.py`` by a test, so that a misspelt
``conf.db_cache_tll`` is found by the type checker and no property can be forgotten here. Aliases and
ignored properties have no attribute; ``settings`` knows their texts all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from typing_extensions import override

from twisted_kong.core.conf.listeners import Listener
from twisted_kong.core.conf.lists import TrustedPeers
from twisted_kong.core.conf.masking import Setting, masked_settings
from twisted_kong.core.conf.paths import PrefixPaths
from twisted_kong.core.conf.secret import Secret
from twisted_kong.core.conf.suites import TlsSettings
from twisted_kong.core.conf.values import Buffers, LogTarget


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Conf:
    """Everything a node was told, typed: times in seconds (``pg_timeout`` and its like in milliseconds),
    sizes in bytes, switches as bool, lists as tuples, secrets as :class:`Secret`, unset as None or empty.

    Made by ``loading.load_conf`` only.
    """

    # general
    prefix: str
    log_level: str
    proxy_access_log: LogTarget | None
    proxy_error_log: LogTarget | None
    proxy_stream_access_log: LogTarget | None
    admin_access_log: LogTarget | None
    admin_gui_access_log: LogTarget | None
    status_access_log: LogTarget | None
    plugins: tuple[str, ...]
    vaults: tuple[str, ...]
    port_maps: Mapping[int, int]
    """Listener port → port that clients see."""
    node_id: str | None
    role: str
    worker_processes: int | None
    """None for one per core."""
    status_ready_needs_database: bool
    allow_min_position_header: bool

    # listeners
    proxy_listen: tuple[Listener, ...]
    admin_listen: tuple[Listener, ...]
    status_listen: tuple[Listener, ...]
    admin_gui_listen: tuple[Listener, ...]
    stream_listen: tuple[Listener, ...]

    # admin
    admin_auth: str
    admin_token: Secret | None
    admin_gui_url: tuple[str, ...]
    admin_allowed_hosts: tuple[str, ...]
    admin_gui_path: str
    admin_gui_api_url: str | None

    # datastore
    database: str
    sqlite_path: str
    """Absolute."""
    db_update_frequency: float
    db_update_propagation: float
    db_cache_ttl: float
    db_cache_neg_ttl: float | None
    """None: as ``db_cache_ttl``."""
    db_resurrect_ttl: float
    mem_cache_size: int
    db_cache_warmup_entities: tuple[str, ...]
    db_cache_refill_concurrency: int
    config_cache_path: str
    """Absolute, or ``off``."""
    config_cache_max_age: float
    _debug_pg_ttl_cleanup_interval: float

    # proxy
    router_flavor: str
    headers: frozenset[str]
    """Lower-case names, tokens resolved."""
    headers_upstream: frozenset[str]
    trusted_ips: TrustedPeers
    nginx_proxy_real_ip_header: str
    nginx_proxy_real_ip_recursive: bool
    upstream_keepalive_pool_size: int
    upstream_keepalive_max_requests: int
    upstream_keepalive_idle_timeout: float
    allow_debug_header: bool
    request_debug: bool
    request_debug_token: Secret | None

    # limits
    nginx_http_client_max_body_size: int
    nginx_http_client_body_buffer_size: int
    nginx_admin_client_max_body_size: int
    nginx_http_keepalive_requests: int
    nginx_http_keepalive_timeout: float
    nginx_http_client_header_timeout: float
    nginx_http_client_body_timeout: float
    nginx_http_send_timeout: float
    nginx_http_large_client_header_buffers: Buffers
    nginx_http_proxy_buffer_size: int
    nginx_events_worker_connections: int | None
    max_connections_per_client: int
    nginx_main_worker_rlimit_nofile: int | None
    lua_max_req_headers: int
    lua_max_resp_headers: int
    lua_max_uri_args: int
    lua_max_post_args: int

    # TLS
    ssl_cert: tuple[str, ...]
    ssl_cert_key: tuple[Secret, ...]
    admin_ssl_cert: tuple[str, ...]
    admin_ssl_cert_key: tuple[Secret, ...]
    nginx_admin_ssl_verify_client: str
    nginx_admin_ssl_client_certificate: str | None
    nginx_admin_ssl_verify_depth: int
    status_ssl_cert: tuple[str, ...]
    status_ssl_cert_key: tuple[Secret, ...]
    admin_gui_ssl_cert: tuple[str, ...]
    admin_gui_ssl_cert_key: tuple[Secret, ...]
    ssl_cipher_suite: str
    ssl_protocols: str
    ssl_ciphers: str | None
    ssl_prefer_server_ciphers: bool
    ssl_dhparam: str | None
    ssl_session_tickets: bool
    ssl_session_timeout: float
    client_ssl: bool
    client_ssl_cert: str | None
    client_ssl_cert_key: Secret | None
    nginx_proxy_proxy_ssl_verify: bool
    nginx_proxy_proxy_ssl_verify_depth: int
    nginx_proxy_proxy_ssl_trusted_certificate: str | None
    lua_ssl_trusted_certificate: tuple[str, ...]
    lua_ssl_verify_depth: int
    lua_ssl_protocols: str

    # error answers
    error_default_type: str
    error_template_html: str | None
    error_template_json: str | None
    error_template_xml: str | None
    error_template_plain: str | None

    # process
    nginx_main_daemon: bool

    # PostgreSQL
    pg_host: str
    pg_port: int
    pg_database: str
    pg_schema: str | None
    pg_timeout: float
    pg_user: str
    pg_password: Secret | None
    pg_ssl: bool
    pg_ssl_verify: bool
    pg_max_concurrent_queries: int
    pg_semaphore_timeout: float
    pg_keepalive_timeout: float | None
    pg_pool_size: int | None
    pg_backlog: int | None
    pg_ro_host: str | None
    pg_ro_port: int | None
    pg_ro_database: str | None
    pg_ro_schema: str | None
    pg_ro_timeout: float | None
    pg_ro_user: str | None
    pg_ro_password: Secret | None
    pg_ro_ssl: bool | None
    pg_ro_ssl_verify: bool | None
    pg_ro_max_concurrent_queries: int | None
    pg_ro_semaphore_timeout: float | None
    pg_ro_keepalive_timeout: float | None
    pg_ro_pool_size: int | None
    pg_ro_backlog: int | None

    # Cassandra
    cassandra_contact_points: tuple[str, ...]
    cassandra_port: int
    cassandra_keyspace: str
    cassandra_timeout: float
    cassandra_ssl: bool
    cassandra_ssl_verify: bool
    cassandra_username: str
    cassandra_password: Secret | None
    cassandra_write_consistency: str
    cassandra_read_consistency: str
    cassandra_lb_policy: str
    cassandra_local_datacenter: str | None
    cassandra_refresh_frequency: float
    cassandra_repl_strategy: str
    cassandra_repl_factor: int
    cassandra_data_centers: tuple[str, ...]
    cassandra_schema_consensus_timeout: float

    # DNS
    dns_resolver: tuple[tuple[str, int], ...]
    dns_hostsfile: str
    dns_order: tuple[str, ...]
    dns_valid_ttl: float | None
    dns_stale_ttl: float
    dns_cache_size: int
    dns_not_found_ttl: float
    dns_error_ttl: float

    # tracing and foreign code
    tracing_instrumentations: tuple[str, ...]
    tracing_sampling_rate: float
    untrusted_lua: str

    # derived, no properties
    tls: TlsSettings
    """What ``ssl_cipher_suite`` and its companions come to."""
    settings: Mapping[str, Setting]
    """The text of every property as it was given or defaulted, references unresolved, secrets in clear."""
    dynamic: Mapping[str, Setting]
    """Settings beside the properties: ``nginx_*``, ``vault_*``, ``pluginserver_*``."""

    @property
    def paths(self) -> PrefixPaths:
        """The files below the prefix."""
        return PrefixPaths(self.prefix)

    def masked(self) -> dict[str, object]:
        """Every set property as JSON-like data in Kong's types, secrets replaced by ``******``."""
        return masked_settings({**self.settings, **self.dynamic})

    @override
    def __repr__(self) -> str:
        given = {
            name: setting
            for name, setting in {**self.settings, **self.dynamic}.items()
            if not setting.is_default
        }
        shown = masked_settings({"prefix": self.settings["prefix"], **given})
        return f"Conf({', '.join(f'{name}={value!r}' for name, value in shown.items())})"
