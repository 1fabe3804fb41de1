"""Properties of the node as a whole."""

from __future__ import annotations

from twisted_kong.core.conf.property import Group, Kind, Property, Source, Status

LOG_LEVELS = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")

_ONE_ERROR_LOG = "the node keeps one error log, proxy_error_log, for all its listeners"

GENERAL = Group(
    "general",
    "General",
    "Where the node keeps its files, what it logs and which plugins it loads.",
    (
        Property(
            "prefix",
            Kind.STRING,
            "/usr/local/kong/",
            "Working directory: pid file, logs, generated certificates, kong.id and the embedded database"
            " live below it. Created when absent. Someone who is not root and sets no prefix gets a"
            " directory of their own (~/.local/state/kong) when this one cannot be written.",
        ),
        Property(
            "log_level",
            Kind.ENUM,
            "notice",
            "The least severe messages that reach the error log.",
            allowed=LOG_LEVELS,
        ),
        Property(
            "proxy_access_log",
            Kind.LOG,
            "logs/access.log",
            "One line per proxied request. A path (relative to the prefix), /dev/stdout, /dev/stderr or off.",
        ),
        Property(
            "proxy_error_log",
            Kind.LOG,
            "logs/error.log",
            "What the node has to say about itself and about failed requests.",
        ),
        Property(
            "proxy_stream_access_log",
            Kind.LOG,
            "logs/access.log basic",
            "One line per TCP, TLS or UDP session.",
            Status.LATER,
        ),
        Property(
            "proxy_stream_error_log",
            Kind.LOG,
            "logs/error.log",
            "Error log of the stream proxy.",
            Status.IGNORED,
            because=_ONE_ERROR_LOG,
        ),
        Property(
            "admin_access_log",
            Kind.LOG,
            "logs/admin_access.log",
            "One line per request to the Admin API: path, /dev/stdout, /dev/stderr or off.",
        ),
        Property(
            "admin_error_log",
            Kind.LOG,
            "logs/error.log",
            "Error log of the Admin API.",
            Status.IGNORED,
            because=_ONE_ERROR_LOG,
        ),
        Property(
            "admin_gui_access_log",
            Kind.LOG,
            "logs/admin_gui_access.log",
            "One line per request to the web UI.",
            Status.LATER,
        ),
        Property(
            "admin_gui_error_log",
            Kind.LOG,
            "logs/admin_gui_error.log",
            "Error log of the web UI.",
            Status.IGNORED,
            because=_ONE_ERROR_LOG,
        ),
        Property(
            "status_access_log",
            Kind.LOG,
            "off",
            "One line per request to the Status API; off because health checks would fill it.",
        ),
        Property(
            "status_error_log",
            Kind.LOG,
            "logs/status_error.log",
            "Error log of the Status API.",
            Status.IGNORED,
            because=_ONE_ERROR_LOG,
        ),
        Property(
            "plugins",
            Kind.ARRAY,
            "bundled",
            "Plugins to load: bundled for all that come with the node, names of installed third-party plugins"
            " beside it, or off for none. A plugin that is not listed cannot be configured.",
        ),
        Property(
            "vaults",
            Kind.ARRAY,
            "bundled",
            "Vaults that references in entities and Vault entities may use: env, the environment of the"
            " node's process, is all there is; bundled means env, and off none.",
        ),
        Property(
            "port_maps",
            Kind.PORT_MAPS,
            None,
            "Ports as clients see them, when something in front of the node maps them: outer:inner, …; the"
            " outer port is what X-Forwarded-Port tells and what Routes match on.",
        ),
        Property(
            "host_ports",
            Kind.STRING,
            None,
            "Computed from port_maps.",
            Status.IGNORED,
            because="it is computed from port_maps",
        ),
        Property(
            "node_id",
            Kind.UUID,
            None,
            "The id of this node. When unset, one is made at the first start and kept in kong.id below the"
            " prefix. Two nodes must never share one.",
        ),
        Property(
            "anonymous_reports",
            Kind.BOOLEAN,
            "off",
            "Usage reports to Kong's vendor.",
            Status.IGNORED,
            because="this node never reports to anybody",
        ),
        Property(
            "role",
            Kind.ENUM,
            "traditional",
            "Part that the node plays in a cluster. Only traditional nodes, all on one database, exist here.",
            allowed=("data_plane", "control_plane", "traditional"),
        ),
        Property(
            "kic",
            Kind.BOOLEAN,
            "off",
            "Set by the ingress controller.",
            Status.IGNORED,
            because="it is an internal switch of the ingress controller",
        ),
        Property(
            "proxy_server",
            Kind.STRING,
            None,
            "Proxy for the traffic between data planes and their control plane.",
            Status.IGNORED,
            sensitive=True,
            because="there is no hybrid mode",
        ),
        Property(
            "proxy_server_ssl_verify",
            Kind.BOOLEAN,
            "on",
            "Verify that proxy's certificate.",
            Status.IGNORED,
            because="there is no hybrid mode",
        ),
        Property(
            "worker_processes",
            Kind.WORKERS,
            "1",
            "Number of processes that proxy, or auto for one per core. One by default, where Kong has one per"
            " core: a single process holds every cache once and answers an Admin write as soon as it has"
            " applied it itself. More have no effect in this version yet.",
            Status.LATER,
            source=Source.OURS,
        ),
        Property(
            "status_ready_needs_database",
            Kind.BOOLEAN,
            "off",
            "Whether GET /status/ready is 503 while the database is away, as in Kong. Off, because the node"
            " goes on serving: all nodes at once would be taken out of the load balancer.",
            source=Source.OURS,
        ),
        Property(
            "allow_min_position_header",
            Kind.BOOLEAN,
            "off",
            "Let clients demand, with the request header X-Kong-Min-Position, to be served from configuration"
            " at least as new as a write they made; the request waits up to 10 seconds, then it is 503."
            " Off, because it lets a client make the node wait.",
            source=Source.OURS,
        ),
    ),
)

ERROR_PAGES = Group(
    "error_pages",
    "Error answers",
    "What clients get when the node itself has to answer.",
    (
        Property(
            "error_default_type",
            Kind.ENUM,
            "text/plain",
            "Content type of error answers when the request's Accept header does not decide.",
            allowed=("application/json", "application/xml", "text/html", "text/plain"),
        ),
        Property(
            "error_template_html",
            Kind.STRING,
            None,
            "File with the HTML error page. The first %s in it becomes the message, the second the"
            " request id.",
        ),
        Property("error_template_json", Kind.STRING, None, "The same for application/json."),
        Property("error_template_xml", Kind.STRING, None, "The same for application/xml."),
        Property("error_template_plain", Kind.STRING, None, "The same for text/plain."),
    ),
)
