"""Greets whoever comes through the gateway, but not those who are banned."""

from __future__ import annotations

from twisted_kong.pdk.call import Conf
from twisted_kong.pdk.kong import Kong


class Handler:
    """One object serves all requests, so it keeps nothing of any of them."""

    PRIORITY = 850
    VERSION = "1.0.0"

    async def access(self, kong: Kong, conf: Conf) -> None:
        """Find out who it is, before the Service is asked."""
        consumer = kong.client.get_consumer()
        name = "stranger"
        if consumer is not None:
            # Read from the database once, then from the node's cache until the Consumer changes.
            fresh = await kong.client.load_consumer(consumer["id"])
            if fresh is not None and fresh["username"]:
                name = fresh["username"]
        if name in conf["banned"]:
            kong.response.error(403, f"Not you, {name}")
        kong.ctx.plugin["name"] = name
        kong.service.request.set_header("X-Visitor", name.encode())

    def header_filter(self, kong: Kong, conf: Conf) -> None:
        """Greet, whether the Service or the gateway answers."""
        name = kong.ctx.plugin.get("name", "nobody")
        kong.response.set_header("X-Hello", f"{conf['greeting']}, {name}!".encode())

    def log(self, kong: Kong, conf: Conf) -> None:
        """Say how it ended."""
        kong.log.info(kong.ctx.plugin.get("name", "nobody"), " got ", kong.response.get_status())
