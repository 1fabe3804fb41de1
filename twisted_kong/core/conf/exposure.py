"""Whether the Admin API can be reached from elsewhere by who has shown nothing: a reason not to start.

Whoever reaches an Admin API that asks for nothing owns the gateway and all that lies behind it.
Kong: starts all the same.
"""

from __future__ import annotations

import ipaddress

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.listeners import Listener
from twisted_kong.core.conf.problems import ConfError, Problem

_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})


def exposures(conf: Conf) -> tuple[Problem, ...]:
    """One problem for each listener of the Admin API that lies open beyond this machine."""
    if conf.admin_auth == "token":
        return ()
    origin = conf.settings["admin_listen"].origin
    verified = _verifies_clients(conf)
    return tuple(
        Problem(_message(listener, verified), origin)
        for listener in conf.admin_listen
        if not is_loopback(listener.host) and not (verified and listener.ssl)
    )


def require_protected(conf: Conf) -> None:
    """Raise :class:`ConfError` if a listener of the Admin API lies open beyond this machine."""
    problems = exposures(conf)
    if problems:
        raise ConfError(problems)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on a host; a name may lead anywhere."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.lower() in _NAMES
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _verifies_clients(conf: Conf) -> bool:
    # "optional" lets a client through that has no certificate.
    return conf.nginx_admin_ssl_verify_client == "on" and bool(conf.nginx_admin_ssl_client_certificate)


def _message(listener: Listener, verified: bool) -> str:
    certificates = (
        "add the flag ssl to it, since only then is a client asked for its certificate"
        if verified
        else "demand certificates of its clients (the flag ssl,"
        " nginx_admin_ssl_verify_client = on and nginx_admin_ssl_client_certificate)"
    )
    return (
        f"admin_listen: {listener} can be reached from other machines, and nothing protects it there:"
        f" listen on 127.0.0.1, or set admin_auth = token, or {certificates}"
    )
