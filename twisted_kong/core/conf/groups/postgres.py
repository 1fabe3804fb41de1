"""Properties of a PostgreSQL database."""

from __future__ import annotations

from twisted_kong.core.conf.property import Group, Kind, Property

# name, kind, default of pg_*, what it is
_PG: tuple[tuple[str, Kind, str | None, str], ...] = (
    (
        "host",
        Kind.STRING,
        "127.0.0.1",
        "Host of the server, or directory of its Unix socket. Several, with commas and perhaps ports of their"
        " own (db1,db2:5433), stand in for each other: the first that takes writes is used, and when another"
        " one is promoted it is found by itself.",
    ),
    ("port", Kind.INTEGER, "5432", "Port of the hosts that name none."),
    ("database", Kind.STRING, "kong", "Name of the database."),
    (
        "schema",
        Kind.STRING,
        None,
        "Schema of the tables; the first one on the server's search path when unset.",
    ),
    (
        "timeout",
        Kind.NUMBER,
        "5000",
        "Milliseconds in which a connection must be made, all hosts together, and each query be answered."
        " A server that has not answered by then counts as away, and its connection is dropped."
        " 0 means 60000.",
    ),
    ("user", Kind.STRING, "kong", "User to log in as."),
    ("password", Kind.STRING, None, "The user's password."),
    ("ssl", Kind.BOOLEAN, "off", "Insist on TLS; without it nothing is encrypted."),
    (
        "ssl_verify",
        Kind.BOOLEAN,
        "off",
        "Verify that the server's certificate comes from lua_ssl_trusted_certificate and is made out to the"
        " host.",
    ),
    (
        "max_concurrent_queries",
        Kind.INTEGER,
        "0",
        "Queries under way at once; 0 for as many as there are connections.",
    ),
    (
        "semaphore_timeout",
        Kind.NUMBER,
        "60000",
        "Milliseconds that a query may wait for a connection that others use.",
    ),
    (
        "keepalive_timeout",
        Kind.NUMBER,
        None,
        "Milliseconds after which an unused connection is closed, 0 for never; 60000 when unset.",
    ),
    (
        "pool_size",
        Kind.INTEGER,
        None,
        "Connections that a node may have, the one that hears of changes among them; 10 when unset. With 1"
        " nothing is heard, and the changes of other nodes are found every db_update_frequency only.",
    ),
    ("backlog", Kind.INTEGER, None, "Queries that may wait for a connection; 1000 when unset."),
)

# The same of pg_ro_*, of which each but the host is as its pg_* when unset.
_PG_RO = {
    "host": "Server to read from, mostly a standby, in the form of pg_host; when unset everything is asked of"
    " pg_host. Of several hosts the first that answers is used. A node reads from there what has arrived"
    " there, and asks pg_host for the rest, and for everything while there is no answer within a second.",
    "port": "Port of the hosts in pg_ro_host that name none",
    "database": "Name of the database there",
    "schema": "Schema of the tables there",
    "timeout": "Milliseconds in which a connection to it must be made, and each query be answered, 0 for"
    " 60000",
    "user": "User to log in as there",
    "password": "That user's password",
    "ssl": "Insist on TLS there",
    "ssl_verify": "Verify that server's certificate",
    "max_concurrent_queries": "Queries under way at once there; 0 for as many as there are connections",
    "semaphore_timeout": "Milliseconds that a query may wait for a connection to it that others use",
    "keepalive_timeout": "Milliseconds after which an unused connection to it is closed, 0 for never",
    "pool_size": "Connections that a node may have to it",
    "backlog": "Queries that may wait for a connection to it",
}

_PG_BOUNDS = {
    "timeout": (0, "{} must be greater than 0"),
    "max_concurrent_queries": (0, "{} must be greater than 0"),
    "semaphore_timeout": (0, "{} must be greater than 0"),
    "keepalive_timeout": (0, "{} must be greater than 0"),
    "pool_size": (1, "{} must be an integer greater than 0"),
    "backlog": (0, "{} must be an integer greater than 0"),
    "port": (1, "{} must be an integer between 1 and 65535"),
}


def _pg(prefix: str) -> tuple[Property, ...]:
    read_only = prefix == "pg_ro"
    return tuple(
        Property(
            f"{prefix}_{suffix}",
            kind,
            None if read_only else default,
            _read_only_text(suffix) if read_only else about,
            sensitive=suffix == "password",
            minimum=_PG_BOUNDS[suffix][0] if suffix in _PG_BOUNDS else None,
            maximum=65535 if suffix == "port" else None,
            bound_text=_PG_BOUNDS[suffix][1].format(f"{prefix}_{suffix}") if suffix in _PG_BOUNDS else "",
        )
        for suffix, kind, default, about in _PG
    )


def _read_only_text(suffix: str) -> str:
    about = _PG_RO[suffix]
    return about if suffix == "host" else f"{about}; pg_{suffix} when unset."


POSTGRES = Group(
    "postgres",
    "PostgreSQL",
    "Used with database = postgres. Of a server to read from only the host must be told: any other pg_ro_*"
    " that is unset is as its pg_*.",
    (*_pg("pg"), *_pg("pg_ro")),
)
