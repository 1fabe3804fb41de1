"""A request, as the proxy shows it to whichever router there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class RouteQuery(NamedTuple):
    """What a Route may look at.

    ``host`` is lower case and without its port; ``port`` is the one in the Host header, else the listener's
    (after ``port_maps``); ``path`` is normal (:func:`twisted_kong.core.urls.normalise_path`); ``sni`` is None
    where the client named no host in its handshake; ``header`` gives all values of a lower-case name.

    Only expressions ask for the rest: ``query`` is what follows the ``?`` as sent, ``source`` the address and
    port of the client after real-IP processing, ``destination`` the address that it is connected to; both are
    empty where there are none.
    """

    method: str
    scheme: str
    host: str
    port: int
    path: str
    sni: str | None
    header: Callable[[bytes], list[bytes]]
    query: bytes | None = None
    source: tuple[str, int] = ("", 0)
    destination: str = ""
