"""Gives each request an id that its Service, and the client if wanted, can tell it by."""

from __future__ import annotations

from itertools import count

from twisted_kong.pdk.call import Conf
from twisted_kong.pdk.kong import Kong

_SHARED = "correlation_id"


class Handler:
    """Sets the header where the client sent none."""

    PRIORITY = 100001
    VERSION = "3.9.1"

    def __init__(self) -> None:
        self._worker = ""
        self._numbers = count(1)

    def init_worker(self, kong: Kong) -> None:
        """Choose what ids of this process start with."""
        self._worker = kong.node.new_uuid()

    def access(self, kong: Kong, conf: Conf) -> None:
        """Keep the client's id, or send a new one to the Service."""
        name: str | None = conf["header_name"]
        if not name:
            return
        value = kong.request.get_header(name)
        if not value:
            value = self._new(kong, conf["generator"])
            kong.service.request.set_header(name, value)
        kong.log.set_serialize_value(_SHARED, value)
        if conf["echo_downstream"]:
            kong.ctx.plugin[_SHARED] = value

    def header_filter(self, kong: Kong, conf: Conf) -> None:
        """Tell the client."""
        if not conf["echo_downstream"] or not conf["header_name"]:
            return
        value = kong.ctx.plugin.get(_SHARED)
        if value is None:
            # Answered before access: what the client sent goes back to it.
            value = kong.request.get_header(conf["header_name"])
        if value:
            kong.response.set_header(conf["header_name"], value)

    def _new(self, kong: Kong, generator: str) -> str:
        if generator == "uuid":
            return kong.node.new_uuid()
        number = next(self._numbers)
        if generator == "uuid#counter":
            return f"{self._worker}#{number}"
        # Kong: address and port of the listener, process, connection, request on it, time. Connections have
        # no
        # number here, so the running number of ids stands for both.
        milliseconds = kong.request.get_start_time()
        address, port = kong.client.get_ip(), kong.request.get_port()
        pid = kong.node.get_pid()
        return f"{address}-{port}-{pid}-{number}-1-{milliseconds // 1000}.{milliseconds % 1000:03}"
