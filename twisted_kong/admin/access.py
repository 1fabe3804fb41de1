"""Who may talk to the Admin API from within a browser: the Host and Origin headers are held against a list.

A browser can be made to send requests to an Admin API that only listens on loopback, in two ways.  A page
of any site may post a form to ``http://127.0.0.1:8001`` (cross-site request forgery): its Origin header
gives it away. A page whose own name was made to resolve to 127.0.0.1 (DNS rebinding) is of the same origin
as the Admin API in the eyes of the browser, sends no Origin with a GET and may read the answer: its Host
header gives it away, since the name in it is none of ours.  Addresses cannot be rebound, so a Host that is
an address is always good.

Kong: reflects any Origin, with ``Access-Control-Allow-Credentials: true``, and never looks at Host.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from twisted_kong.core.hosts import is_address

LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})


class AccessRules:
    """Decides by the Host and Origin headers whether a request may come in.

    :param origins: origins of web interfaces (``admin_gui_url``), in order: ``https://manager.example.com``.
    :param hosts: further names under which this node is reached.  ``*`` lets any name through, so that a
        page whose name was rebound may read; it still may not write, since browsers send Origin with it.
    """

    def __init__(self, *, origins: Sequence[str] = (), hosts: Iterable[str] = ()) -> None:
        self._origins = tuple(canonical_origin(origin) for origin in origins)
        names = {host.lower().rstrip(".") for host in hosts}
        self._any_host = "*" in names
        self._hosts = frozenset(names)

    def refusal(self, host: str | None, origin: str | None) -> str | None:
        """Why a request with these headers is refused, in words for the one who sent it; None if it may pass.

        A request without Host (HTTP/1.0) or without Origin is not refused for the lack of it.
        """
        if host is not None and not self._knows_host(host):
            return (
                f"the Host '{host}' is not one of this Admin API's names; "
                "add the name to 'admin_allowed_hosts' if it is yours"
            )
        if origin is not None and not self._knows_origin(host, origin):
            return (
                f"the Origin '{origin}' may not use this Admin API; "
                "add it to 'admin_gui_url' if it is your web interface"
            )
        return None

    def allowed_origin(self, origin: str | None) -> str:
        """The value of ``Access-Control-Allow-Origin`` for a request that may pass.

        Kong: the Origin itself where there is one, else the first configured origin, else ``*``.
        """
        if origin is not None:
            return origin
        return self._origins[0] if self._origins else "*"

    def _knows_host(self, host: str) -> bool:
        name = host_name(host)
        return name is not None and (self._any_host or is_address(name) or self._is_ours(name))

    def _is_ours(self, name: str) -> bool:
        return name in LOOPBACK_NAMES or name.endswith(".localhost") or name in self._hosts

    def _knows_origin(self, host: str | None, origin: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if canonical_origin(origin) in self._origins:
            return True
        if parts.scheme not in ("http", "https") or not parts.netloc:
            # "null", and the origins of browser extensions and of files
            return False
        name = host_name(parts.netloc)
        if name is None:
            return False
        # of the same origin as the Admin API under a name that is known, or a page of this very machine
        same = host is not None and parts.netloc.lower() == host.lower()
        own = same and (is_address(name) or self._is_ours(name))
        return own or name in LOOPBACK_NAMES or name.endswith(".localhost") or is_loopback(name)


def host_name(host: str) -> str | None:
    """The name or address in a Host header, lower-case, without port and final dot; None if malformed."""
    host = host.strip().lower()
    if host.startswith("["):
        name, bracket, rest = host[1:].partition("]")
        return name if bracket and (rest == "" or _is_port(rest)) else None
    name, colon, port = host.partition(":")
    if colon and not _is_port(colon + port):
        return None
    name = name.removesuffix(".")
    return name or None


def is_loopback(name: str) -> bool:
    """Whether a name is a loopback address written out."""
    return is_address(name) and ipaddress.ip_address(name).is_loopback


def canonical_origin(origin: str) -> str:
    """An origin in the form in which browsers send it: lower-case, no path, no default port."""
    parts = urlsplit(origin.strip().lower())
    default = {"http": ":80", "https": ":443"}.get(parts.scheme)
    authority = parts.netloc.removesuffix(default) if default else parts.netloc
    return f"{parts.scheme}://{authority}" if authority else origin.strip().lower()


def _is_port(text: str) -> bool:
    return text[1:].isascii() and text[1:].isdigit() and text[0] == ":"
