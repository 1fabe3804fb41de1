"""How a node looks names up: the system's files, and the ``dns_*`` properties."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from twisted.internet.interfaces import IReactorTime

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.names.system_files import parse_hosts, parse_resolv_conf
from twisted_kong.node.dns import Resolver
from twisted_kong.node.lookups import Lookup
from twisted_kong.node.name_servers import NameServers

_RESOLV_CONF = Path("/etc/resolv.conf")


def _text(path: Path) -> str:
    """The text of a file of the system; nothing if there is none, as the system's own resolver has it."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


class Names(NamedTuple):
    """The resolver of the data path, and how to stop it with whatever it is asking just then."""

    resolve: Resolver
    stop: Callable[[], None]


def make_names(conf: Conf, reactor: Any, clock: IReactorTime, resolv_conf: Path = _RESOLV_CONF) -> Names:
    """How names are looked up; both files are read now, and not again.

    :param resolv_conf: whom to ask unless ``dns_resolver`` says so, and the search list in any case.
    """
    system = parse_resolv_conf(_text(resolv_conf))
    if conf.dns_resolver:
        system = replace(system, servers=tuple(conf.dns_resolver))
    hosts = parse_hosts(_text(Path(conf.dns_hostsfile)))
    servers = NameServers(system, reactor)
    resolver = Resolver(
        Lookup(servers.ask, hosts, system, conf.dns_order),
        clock,
        valid_ttl=conf.dns_valid_ttl,
        stale_ttl=conf.dns_stale_ttl,
        not_found_ttl=conf.dns_not_found_ttl,
        error_ttl=conf.dns_error_ttl,
        size=conf.dns_cache_size,
    )
    return Names(resolver, servers.stop)
