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
            "Seconds between two looks for changes that other nodes have made. A change is known after this"
            " time at the latest, and mostly at once: the database tells of it.",
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
            " DELETE /cache. Fewer than connections in the pool, so that requests never keep the rest of the"
            " node waiting.",
            minimum=1,
            source=Source.OURS,
        ),
        Property(
            "config_cache_path",
            Kind.STRING,
            "config.cache",
            "The file with the last-good snapshot of the database, relative to the prefix: from it a node"
            " starts when it cannot reach the database. It belongs to the database that pg_host, pg_port,"
            " pg_database and pg_schema name: with others it is not used but made anew. Not used with sqlite;"
            " off for none.",
            source=Source.OURS,
        ),
        Property(
            "config_cache_max_age",
            Kind.NUMBER,
            "604800",
            "Seconds since the snapshot was last known to be current after which no node starts from it;"
            " 0 for any age. The default is a week.",
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
