"""Whole nodes in this process: real sockets on loopback, port 0, a database of the test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from twisted.internet.task import deferLater

from tests.kit.databases import database_settings
from tests.kit.http_client import PATIENCE, HttpClient
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.node.prefix import prepare_prefix
from twisted_kong.service.host import Host
from twisted_kong.service.node import KongNode

_SWITCHES = {True: "on", False: "off"}


class RunningNode:
    """A node that serves: ``admin`` and ``proxy`` are clients of its listeners."""

    def __init__(self, kong: KongNode, conf: Conf, reactor: Any) -> None:
        assert kong.parts is not None
        self.kong = kong
        self.conf = conf
        self.reactor = reactor
        self.parts = kong.parts
        (self.port,) = (address.port for address in self.parts.proxy.addresses())
        (admin_port,) = (port.getHost().port for port in self.parts.admin.ports)
        self.admin_port: int = admin_port
        self.proxy = HttpClient(reactor, self.port)
        self.admin = HttpClient(reactor, admin_port)

    @property
    def status(self) -> HttpClient:
        """A client of the Status API, which listens only if the settings say so."""
        (port,) = (port.getHost().port for port in self.parts.status.ports)
        return HttpClient(self.reactor, port)

    async def after(self, seconds: float) -> None:
        """Let real time pass."""
        await deferLater(self.reactor, seconds, lambda: None)

    async def until(self, condition: Any, seconds: float = PATIENCE) -> float:
        """Wait for a condition (awaited if it must be); how long it took."""
        begun = self.reactor.seconds()
        while True:
            met = condition()
            if hasattr(met, "__await__"):
                met = await met
            waited = float(self.reactor.seconds() - begun)
            if met:
                return waited
            assert waited < seconds, "waited in vain"
            await self.after(0.01)


def make_conf(directory: Path, name: str = "node", **settings: object) -> Conf:
    """A node's configuration: everything on loopback at port 0, no access logs.

    Two nodes of one directory share its database; their prefixes differ by name. Settings are as in
    kong.conf; True and False are on and off.
    """
    given: dict[str, object] = {
        "prefix": directory / name,
        "sqlite_path": directory / "kong.db",
        "proxy_listen": "127.0.0.1:0",
        "admin_listen": "127.0.0.1:0",
        "admin_gui_listen": "off",
        "status_listen": "off",
        "proxy_access_log": "off",
        "admin_access_log": "off",
        "status_access_log": "off",
        "log_level": "notice",
        **settings,
    }
    texts = {
        key: _SWITCHES.get(value, str(value)) if isinstance(value, bool) else str(value)
        for key, value in given.items()
    }
    return load_conf(Sources(options=texts, directory=str(directory))).conf


def make_host(environment: Mapping[str, str] | None = None) -> Host:
    """This process, with a name and an environment of its own."""
    return Host("test-host", os.getpid, lambda: str(uuid4()), os.urandom, environment=environment or {})


@asynccontextmanager
async def running_node(
    directory: Path,
    name: str = "node",
    *,
    polling: bool = True,
    reactor: Any = None,
    environment: Mapping[str, str] | None = None,
    **settings: object,
) -> AsyncIterator[RunningNode]:
    """A node that is up; it is stopped, and everything closed, in the end.

    :param polling: False: it never hears of what others write.
    :param reactor: to be used instead of the running one, for instance with another clock.
    :param environment: where the vault ``env`` looks.
    """
    from twisted.internet import reactor as running

    conf = make_conf(directory, name, **{**database_settings(directory), **settings})
    prepare_prefix(conf, datetime.now(UTC), lambda: str(uuid4()))
    kong = KongNode(conf, reactor or running, host=make_host(environment), polling=polling)
    kong.startService()
    try:
        await kong.when_ready()
        yield RunningNode(kong, conf, running)
    finally:
        await kong.stopService()
