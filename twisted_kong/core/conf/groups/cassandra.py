"""Properties of a Cassandra database, as Kong had them up to 3.3."""

from __future__ import annotations

from twisted_kong.core.conf.property import Group, Kind, Property, Source, Status

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
