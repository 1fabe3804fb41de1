"""Properties of the database and of the caches in front of it."""

from __future__ import annotations

from twisted_kong.core.conf.property import Group, Kind, Property, Source, Status

DATASTORE = Group(
    "datastore",
    "Database",
    "Where entities are kept. All nodes on one database form a cluster.",
    (
        Property(
            "database",
            Kind.ENUM,
            "sqlite",
            "sqlite keeps everything in one file and needs no server; several nodes on one machine may share"
            " it. postgres is for nodes on several machines. cassandra is not available in this version yet;"
            " off (no database) is not at all.",
            allowed=("sqlite", "postgres", "cassandra", "off"),
        ),
        Property(
            "sqlite_path",
            Kind.STRING,
            "kong.sqlite",
            "The file of the embedded database, relative to the prefix.",
            source=Source.OURS,
        ),
        Property(
            "db_update_frequency",
            Kind.NUMBER,
            "5",
            "Seconds between two looks for changes that other nodes have made. A change is known"
            " after this time at the latest.",
        ),
        Property(
            "db_update_propagation",
            Kind.NUMBER,
            "0",
            "Seconds to wait before a change of another node is applied, for databases whose replicas lag."
            " In between the old configuration is served.",
            minimum=0,
        ),
        Property(
            "db_cache_ttl",
            Kind.NUMBER,
            "0",
            "Seconds after which a cached entity is read again even if no change was seen; 0 trusts the"
            " changes alone.",
            minimum=0,
        ),
        Property(
            "db_cache_neg_ttl",
            Kind.NUMBER,
            None,
            "The same for cached misses; db_cache_ttl when unset.",
            minimum=0,
        ),
        Property(
            "db_resurrect_ttl",
            Kind.NUMBER,
            "30",
            "Seconds for which an expired entity is served on when the database does not answer.",
            minimum=0,
        ),
        Property(
            "mem_cache_size",
            Kind.SIZE,
            "128m",
            "Memory for cached entities.",
        ),
        Property(
            "db_cache_warmup_entities",
            Kind.ARRAY,
            "services",
            "Kinds of entities to read into the cache at start, as consumers or keyauth_credentials;"
            " services, routes, plugins, upstreams and certificates are in memory anyway.",
        ),
        Property(
            "db_cache_refill_concurrency",
            Kind.INTEGER,
            "8",
            "Cached entities that may be read at a time, by requests that wait for one and after"
            " DELETE /cache. Fewer than connections in the pool, so that requests never keep the rest of the node waiting.",
            minimum=1,
            source=Source.OURS,
        ),
        Property(
            "config_cache_path",
            Kind.STRING,
            "config.cache",
            "The file with the last-good snapshot of the database, relative to the prefix: from it a node"
            " starts when it cannot reach the database. Not used with sqlite; off for none.",
            source=Source.OURS,
        ),
        Property(
            "config_cache_max_age",
            Kind.NUMBER,
            "604800",
            "Seconds since the snapshot was last known to be current after which no node starts from it;"
            " 0 for any age. A week unless told otherwise.",
            minimum=0,
            source=Source.OURS,
        ),
        Property(
            "_debug_pg_ttl_cleanup_interval",
            Kind.NUMBER,
            "300",
            "Seconds between two sweeps of expired rows.",
            Status.LATER,
        ),
        Property(
            "declarative_config",
            Kind.STRING,
            None,
            "File with the whole configuration, for a node without database.",
            Status.IGNORED,
            because="a node without database is not available",
        ),
        Property(
            "declarative_config_string",
            Kind.STRING,
            None,
            "The same as text.",
            Status.IGNORED,
            sensitive=True,
            because="a node without database is not available",
        ),
        Property(
            "lmdb_environment_path",
            Kind.STRING,
            "dbless.lmdb",
            "Store of a node without database.",
            Status.IGNORED,
            because="a node without database is not available",
        ),
        Property(
            "lmdb_map_size",
            Kind.SIZE,
            "2048m",
            "Its size.",
            Status.IGNORED,
            because="a node without database is not available",
        ),
    ),
)

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
        " A server that has not answered by then counts as away, and its connection is dropped.",
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

# What differs for the read-only server.
_PG_RO = {
    "host": "A standby to read from, in the form of pg_host; without it everything is asked of pg_host. Of"
    " several the first that answers is used. A node reads from it what it shows already, and asks pg_host"
    " for what has not arrived there yet, or while it is away.",
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
            f"{about}{' of the read-only server; that of the primary when unset' if read_only else ''}.",
            sensitive=suffix == "password",
            minimum=_PG_BOUNDS[suffix][0] if suffix in _PG_BOUNDS else None,
            maximum=65535 if suffix == "port" else None,
            bound_text=_PG_BOUNDS[suffix][1].format(f"{prefix}_{suffix}") if suffix in _PG_BOUNDS else "",
        )
        for suffix, kind, default, about in _PG
    )


POSTGRES = Group(
    "postgres",
    "PostgreSQL",
    "Used with database = postgres. Of a read-only server nothing but its host must be told: an unset pg_ro_*"
    " is as its pg_*.",
    (*_pg("pg"), *_pg("pg_ro")),
)

_CONSISTENCY = ("ALL", "EACH_QUORUM", "QUORUM", "LOCAL_QUORUM", "ONE", "TWO", "THREE", "LOCAL_ONE")
_POLICIES = ("RoundRobin", "RequestRoundRobin", "DCAwareRoundRobin", "RequestDCAwareRoundRobin")

_CASSANDRA: tuple[tuple[str, Kind, str | None, str, tuple[str, ...]], ...] = (
    ("contact_points", Kind.ARRAY, "127.0.0.1", "Hosts to ask for the topology, without ports.", ()),
    ("port", Kind.INTEGER, "9042", "Port of every host.", ()),
    ("keyspace", Kind.STRING, "kong", "Keyspace, made by migrations bootstrap when absent.", ()),
    ("timeout", Kind.NUMBER, "5000", "Milliseconds for connecting and for each query.", ()),
    ("ssl", Kind.BOOLEAN, "off", "Use TLS.", ()),
    ("ssl_verify", Kind.BOOLEAN, "off", "Verify hosts by lua_ssl_trusted_certificate.", ()),
    ("username", Kind.STRING, "kong", "User.", ()),
    ("password", Kind.STRING, None, "Password.", ()),
    ("write_consistency", Kind.ENUM, "ONE", "Replicas that must acknowledge a write.", _CONSISTENCY),
    ("read_consistency", Kind.ENUM, "ONE", "Replicas that must answer a read.", _CONSISTENCY),
    ("lb_policy", Kind.ENUM, "RequestRoundRobin", "How hosts take turns.", _POLICIES),
    ("local_datacenter", Kind.STRING, None, "Data centre to prefer, for the DCAware policies.", ()),
    ("refresh_frequency", Kind.NUMBER, "60", "Seconds between looks at the topology, 0 for none.", ()),
    (
        "repl_strategy",
        Kind.ENUM,
        "SimpleStrategy",
        "Replication of a new keyspace.",
        ("SimpleStrategy", "NetworkTopologyStrategy"),
    ),
    ("repl_factor", Kind.INTEGER, "1", "Copies, with SimpleStrategy.", ()),
    ("data_centers", Kind.ARRAY, "dc1:2,dc2:3", "Copies per data centre, with NetworkTopologyStrategy.", ()),
    ("schema_consensus_timeout", Kind.NUMBER, "10000", "Milliseconds to wait for schema agreement.", ()),
)

CASSANDRA = Group(
    "cassandra",
    "Cassandra",
    "Used with database = cassandra, as Kong had it up to 3.3.",
    tuple(
        Property(
            f"cassandra_{suffix}",
            kind,
            default,
            about,
            Status.LATER,
            allowed,
            sensitive=suffix == "password",
            minimum=0 if suffix == "refresh_frequency" else None,
            bound_text="cassandra_refresh_frequency must be 0 or greater",
            source=Source.CASSANDRA,
        )
        for suffix, kind, default, about, allowed in _CASSANDRA
    ),
)
