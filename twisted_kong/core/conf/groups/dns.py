"""Properties of name resolution."""

from __future__ import annotations

from twisted_kong.core.conf.property import Group, Kind, Property, Status

_OLD_NAMES = "name resolution is set by the dns_* properties"


def _dns(name: str, kind: Kind, default: str | None, about: str, allowed: tuple[str, ...] = ()) -> Property:
    bounded = kind in (Kind.NUMBER, Kind.INTEGER)
    return Property(
        f"dns_{name}", kind, default, about, Status.HONOURED, allowed, minimum=0 if bounded else None
    )


def _new_client(name: str, kind: Kind, default: str | None) -> Property:
    about = "Setting of Kong's second DNS client."
    return Property(name, kind, default, about, Status.IGNORED, because=_OLD_NAMES)


DNS = Group(
    "dns",
    "DNS",
    "How the names of upstreams become addresses.",
    (
        _dns("resolver", Kind.RESOLVERS, None, "Name servers, ip or ip:port; the system's when unset."),
        _dns("hostsfile", Kind.STRING, "/etc/hosts", "File of names that need no server; must exist."),
        _dns(
            "order",
            Kind.CHOICES,
            "LAST,SRV,A,CNAME",
            "Record types to try, in this order; LAST is the type that answered last time.",
            allowed=("LAST", "SRV", "A", "AAAA", "CNAME"),
        ),
        _dns("valid_ttl", Kind.NUMBER, None, "Seconds to keep an answer; as long as it says when unset."),
        _dns("stale_ttl", Kind.NUMBER, "3600", "Seconds for which an expired answer may bridge an outage."),
        _dns("cache_size", Kind.INTEGER, "10000", "Answers to keep."),
        _dns("not_found_ttl", Kind.NUMBER, "30", "Seconds to remember that a name does not exist."),
        _dns("error_ttl", Kind.NUMBER, "1", "Seconds to remember that a query failed."),
        Property(
            "dns_no_sync",
            Kind.BOOLEAN,
            "off",
            "Let equal queries run side by side.",
            Status.IGNORED,
            because="equal queries always share one answer",
        ),
        _new_client("new_dns_client", Kind.BOOLEAN, "off"),
        _new_client("resolver_address", Kind.RESOLVERS, None),
        _new_client("resolver_hosts_file", Kind.STRING, "/etc/hosts"),
        _new_client("resolver_family", Kind.ARRAY, "A,SRV"),
        _new_client("resolver_valid_ttl", Kind.NUMBER, None),
        _new_client("resolver_stale_ttl", Kind.NUMBER, "3600"),
        _new_client("resolver_lru_cache_size", Kind.NUMBER, "10000"),
        _new_client("resolver_mem_cache_size", Kind.SIZE, "5m"),
        _new_client("resolver_error_ttl", Kind.NUMBER, "1"),
    ),
)
