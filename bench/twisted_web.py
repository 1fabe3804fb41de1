"""``twisted.web.proxy.ReverseProxyResource`` as a program: what Twisted users have had so far."""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import reactor
from twisted.web.proxy import ReverseProxyResource
from twisted.web.server import Site


def main(listen: int, upstream: int) -> None:
    """Proxy everything from 127.0.0.1:``listen`` to 127.0.0.1:``upstream`` until ended."""
    # twisted.web is hardly annotated.
    running: Any = reactor
    make_site: Any = Site
    make_resource: Any = ReverseProxyResource
    site = make_site(make_resource("127.0.0.1", upstream, b""), timeout=300)
    running.listenTCP(listen, site, backlog=1024, interface="127.0.0.1")
    running.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
