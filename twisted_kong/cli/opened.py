"""Commands that work on the entities in the database themselves, whether a node runs or not.

They open the database as a node does, in a reactor of their own that ends with the work.  What they write is
in the log of changes, so running nodes follow it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar
from uuid import uuid4

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from twisted_kong.core.conf.availability import require_available
from twisted_kong.core.conf.conf import Conf
from twisted_kong.db.database import Database
from twisted_kong.node.prefix import prepare_directories

T = TypeVar("T")

# What is to be done, in a reactor that runs.
Work = Callable[[Any], Coroutine[Any, Any, T]]


def over_database(conf: Conf, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    """The result of some work over the database of a configuration, which is open as long as it takes.

    An embedded database is brought up to date first; of a server's DatabaseError tells what is missing.
    """
    require_available(conf)
    if conf.database == "sqlite" or conf.pg_ssl_verify:
        # The embedded database lies below the prefix, which may not be there yet; as do authorities.
        prepare_directories(conf)

    async def opened(reactor: Any) -> T:
        database = _database(conf, reactor)
        try:
            await database.start(migrate=conf.database == "sqlite")
            return await work(database)
        finally:
            await database.stop()

    return in_reactor(opened)


def in_reactor(work: Work[T], *, signals: bool = True) -> T:
    """The result of some work in a new reactor; whatever it raises is raised.

    :param signals: whether an interrupt ends the reactor; KeyboardInterrupt then.
    """
    from twisted.internet.epollreactor import EPollReactor

    make: Any = EPollReactor
    reactor = make()
    outcome: list[Any] = []

    def begin() -> None:
        done = Deferred.fromCoroutine(work(reactor))
        done.addBoth(outcome.append)
        done.addBoth(lambda _: reactor.stop() if reactor.running else None)

    reactor.callWhenRunning(begin)
    reactor.run(installSignalHandlers=signals)
    if not outcome:
        raise KeyboardInterrupt
    if isinstance(outcome[0], Failure):
        outcome[0].raiseException()
    result: T = outcome[0]
    return result


def _database(conf: Conf, reactor: Any) -> Database:
    # Imported late: all of the node comes with it, and most commands need none.
    from twisted_kong.core.schema.registry import build_schemas
    from twisted_kong.service.build import loaded_plugins
    from twisted_kong.service.ground import Ground
    from twisted_kong.service.host import Host
    from twisted_kong.service.store import make_database

    host = Host(socket.gethostname(), os.getpid, lambda: str(uuid4()), os.urandom)
    # What a command is to tell or change is what the database holds, not what somebody last saw there.
    ground = Ground(replace(conf, config_cache_path="off"), reactor, host, host.new_uuid())
    schemas = build_schemas(loaded_plugins(conf).definitions, conf.router_flavor)
    return make_database(ground, schemas)
