"""Properties that speak of nginx, Lua, WebAssembly or hybrid mode; few of them mean something here."""

from __future__ import annotations

from twisted_kong.core.conf.property import Group, Kind, Property, Status

_NGINX = "it tunes nginx, which is not used"
_LUA = "it tunes Lua, which is not used"
_HYBRID = "there is no hybrid mode"
_WASM = "WebAssembly filters are not available"


def _ignored(
    because: str, *rows: tuple[str, Kind, str | None], sensitive: bool = False
) -> tuple[Property, ...]:
    return tuple(
        Property(name, kind, default, "", Status.IGNORED, sensitive=sensitive, because=because)
        for name, kind, default in rows
    )


NGINX = Group(
    "nginx",
    "Process",
    "Kong's names for how its processes run.",
    (
        Property(
            "nginx_main_daemon",
            Kind.NGX_BOOLEAN,
            "on",
            "Whether kong start returns once the node is up; off keeps it in the foreground, for containers.",
        ),
        Property("nginx_daemon", Kind.NGX_BOOLEAN, "on", "Short name.", alias_of="nginx_main_daemon"),
        Property(
            "nginx_main_worker_processes",
            Kind.WORKERS,
            "1",
            "Kong's name of worker_processes.",
            alias_of="worker_processes",
        ),
        Property(
            "nginx_worker_processes",
            Kind.WORKERS,
            "1",
            "Kong's other name of worker_processes.",
            alias_of="worker_processes",
        ),
        Property(
            "nginx_main_user",
            Kind.STRING,
            "kong kong",
            "User and group to change to when started by root.",
            Status.IGNORED,
            because="start the node as the user it shall be (systemd: User=, twistd: --uid)",
        ),
        Property(
            "nginx_user",
            Kind.STRING,
            "kong kong",
            "Short name.",
            Status.IGNORED,
            alias_of="nginx_main_user",
            because="start the node as the user it shall be (systemd: User=, twistd: --uid)",
        ),
        *_ignored(
            _NGINX,
            ("nginx_events_multi_accept", Kind.STRING, "on"),
            ("nginx_http_charset", Kind.STRING, "UTF-8"),
            ("nginx_http_ssl_conf_command", Kind.STRING, None),
            ("nginx_http_proxy_ssl_conf_command", Kind.STRING, None),
            ("nginx_http_grpc_ssl_conf_command", Kind.STRING, None),
            ("nginx_stream_ssl_conf_command", Kind.STRING, None),
            ("nginx_stream_proxy_ssl_conf_command", Kind.STRING, None),
            ("worker_events_max_payload", Kind.NUMBER, "65535"),
            ("openresty_path", Kind.STRING, None),
        ),
        *_ignored(
            _LUA,
            ("nginx_http_lua_ssl_conf_command", Kind.STRING, None),
            ("nginx_http_lua_regex_match_limit", Kind.STRING, "100000"),
            ("nginx_http_lua_regex_cache_max_entries", Kind.STRING, "8192"),
            ("nginx_stream_lua_ssl_conf_command", Kind.STRING, None),
            ("lua_socket_pool_size", Kind.NUMBER, "256"),
            ("lua_package_path", Kind.STRING, "./?.lua;./?/init.lua;"),
            ("lua_package_cpath", Kind.STRING, None),
        ),
    ),
)

HYBRID = Group(
    "hybrid",
    "Hybrid mode",
    "A control plane and its data planes; not available.",
    (
        *_ignored(
            _HYBRID,
            ("cluster_listen", Kind.LISTENERS, "0.0.0.0:8005"),
            ("cluster_control_plane", Kind.STRING, "127.0.0.1:8005"),
            ("cluster_cert", Kind.STRING, None),
        ),
        *_ignored(_HYBRID, ("cluster_cert_key", Kind.STRING, None), sensitive=True),
        Property(
            "cluster_mtls",
            Kind.ENUM,
            "shared",
            "",
            Status.IGNORED,
            allowed=("shared", "pki"),
            because=_HYBRID,
        ),
        *_ignored(
            _HYBRID,
            ("cluster_ca_cert", Kind.STRING, None),
            ("cluster_server_name", Kind.STRING, None),
        ),
        Property(
            "cluster_data_plane_purge_delay",
            Kind.NUMBER,
            "1209600",
            "",
            Status.IGNORED,
            minimum=60,
            bound_text="cluster_data_plane_purge_delay must be 60 or greater",
            because=_HYBRID,
        ),
        Property(
            "cluster_ocsp",
            Kind.ENUM,
            "off",
            "",
            Status.IGNORED,
            allowed=("on", "off", "optional"),
            because=_HYBRID,
        ),
        Property(
            "cluster_max_payload",
            Kind.NUMBER,
            "16777216",
            "",
            Status.IGNORED,
            minimum=4194304,
            bound_text="cluster_max_payload must be 4194304 (4MB) or greater",
            because=_HYBRID,
        ),
        *_ignored(
            _HYBRID,
            ("cluster_use_proxy", Kind.BOOLEAN, "off"),
            ("cluster_dp_labels", Kind.ARRAY, None),
            ("cluster_rpc", Kind.BOOLEAN, "off"),
            ("cluster_incremental_sync", Kind.BOOLEAN, "off"),
            ("cluster_cjson", Kind.BOOLEAN, "off"),
            ("dedicated_config_processing", Kind.BOOLEAN, "on"),
        ),
        Property(
            "privileged_worker",
            Kind.BOOLEAN,
            None,
            "Old name.",
            Status.IGNORED,
            alias_of="dedicated_config_processing",
            deprecated=True,
            because=_HYBRID,
        ),
    ),
)

EXTENSIONS = Group(
    "extensions",
    "Tracing and foreign code",
    "Tracing, external plugin servers and code inside plugin configurations.",
    (
        Property(
            "tracing_instrumentations",
            Kind.CHOICES,
            "off",
            "Parts of a request's life that make spans.",
            Status.LATER,
            allowed=(
                "off",
                "all",
                "request",
                "db_query",
                "dns_query",
                "router",
                "http_client",
                "balancer",
                "plugin_rewrite",
                "plugin_access",
                "plugin_header_filter",
            ),
        ),
        Property(
            "tracing_sampling_rate",
            Kind.NUMBER,
            "0.01",
            "Share of requests that are traced, 0 to 1.",
            Status.LATER,
            minimum=0,
            maximum=1,
            bound_text="tracing_sampling_rate must be between 0 and 1",
        ),
        Property(
            "opentelemetry_tracing",
            Kind.ARRAY,
            "off",
            "Old name.",
            Status.LATER,
            alias_of="tracing_instrumentations",
            deprecated=True,
        ),
        Property(
            "opentelemetry_tracing_sampling_rate",
            Kind.NUMBER,
            "0.01",
            "Old name.",
            Status.LATER,
            alias_of="tracing_sampling_rate",
            deprecated=True,
        ),
        Property(
            "pluginserver_names",
            Kind.ARRAY,
            None,
            "External plugin servers.",
            Status.IGNORED,
            because="external plugin servers are not available",
        ),
        Property(
            "untrusted_lua",
            Kind.ENUM,
            "sandbox",
            "Whether plugin configurations may hold code.",
            Status.LATER,
            allowed=("on", "off", "sandbox"),
        ),
        *_ignored(
            _LUA,
            ("untrusted_lua_sandbox_requires", Kind.ARRAY, None),
            ("untrusted_lua_sandbox_environment", Kind.ARRAY, None),
        ),
        *_ignored(
            _WASM,
            ("wasm", Kind.BOOLEAN, "off"),
            ("wasm_filters_path", Kind.STRING, None),
            ("wasm_dynamic_module", Kind.STRING, None),
            ("wasm_filters", Kind.ARRAY, "bundled,user"),
            ("nginx_wasm_main_shm_kv", Kind.STRING, None),
        ),
    ),
)
