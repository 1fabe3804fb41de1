"""The living state of a node put together: the cache, what is held, and the feed that keeps both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.plan import PluginPlan
from twisted_kong.core.router import make_router
from twisted_kong.db.database import Database
from twisted_kong.node.admin_token_rows import AdminTokenHolder
from twisted_kong.node.balancing import Balancing
from twisted_kong.node.cache import EntityCache
from twisted_kong.node.certificate_rows import CertificateHolder
from twisted_kong.node.feed import ChangeFeed
from twisted_kong.node.holder import Holder
from twisted_kong.node.invalidation import Follower, Invalidator
from twisted_kong.node.lifecycle import CannotStart
from twisted_kong.node.marks import all_of
from twisted_kong.node.plugin_rows import PluginHolder
from twisted_kong.node.routing import RouterHolder
from twisted_kong.node.secrets import Secrets
from twisted_kong.node.stored_answers import StoredAnswers
from twisted_kong.node.upstream_rows import UpstreamHolder

# Seconds that a node waits for its first load before it gives up coming up.
LOAD_PATIENCE = 300.0

Watcher = Callable[[], object]


def _tell(watchers: Sequence[Watcher]) -> None:
    for watcher in watchers:
        watcher()


class NotLoaded(CannotStart):
    """The Routes, plugins and Upstreams could not be read at the start."""


class NodeCache:
    """The cache as the Admin API reaches it: purging it has what is held in memory read again too."""

    _log = Logger()

    def __init__(self, cache: EntityCache, invalidator: Invalidator) -> None:
        self.probe = cache.probe
        self.listed = cache.listed
        self.invalidate = cache.invalidate
        self._invalidator = invalidator

    def soft_purge(self) -> None:
        """Have everything read again; requests are served meanwhile from what is there."""
        done = Deferred.fromCoroutine(self._invalidator.refresh())
        done.addErrback(lambda failure: self._log.failure("could not read everything again", failure=failure))


class NodeState:
    """What a node knows of the database.

    :param priorities: of the loaded plugins, by name.
    :param secrets: what plugins and Certificates refer to.
    :param polling: False for tests of what holds when no change is ever heard of.
    :param followers: what else follows the changes, beside what is held here.
    :param chance: by which the first regular poll of the log comes early, see :class:`ChangeFeed`.

    ``plugin_watchers`` and ``certificate_watchers`` are called after each row of their kind was applied.
    """

    def __init__(
        self,
        conf: Conf,
        database: Database,
        balancing: Balancing,
        priorities: Mapping[str, int],
        clock: IReactorTime,
        *,
        secrets: Secrets,
        polling: bool = True,
        chance: Callable[[], float] = lambda: 1.0,
        followers: Sequence[Follower] = (),
    ) -> None:
        self._clock = clock
        self.balancing = balancing
        self.plugin_watchers: list[Watcher] = []
        self.certificate_watchers: list[Watcher] = []
        ttl = conf.db_cache_ttl
        self.cache = EntityCache(
            clock,
            max_bytes=conf.mem_cache_size,
            ttl=ttl,
            neg_ttl=conf.db_cache_neg_ttl,
            resurrect_ttl=conf.db_resurrect_ttl,
            reads=conf.db_cache_refill_concurrency,
        )
        self.answers = StoredAnswers(clock, max_bytes=conf.mem_cache_size)
        router = make_router(conf.router_flavor)
        self.routing = RouterHolder(router, database["services"], database["routes"], clock, ttl=ttl)
        self.plugins = PluginHolder(
            PluginPlan(priorities),
            database["plugins"],
            clock,
            secrets=secrets,
            ttl=ttl,
            changed=lambda: _tell(self.plugin_watchers),
        )
        self.upstreams = UpstreamHolder(balancing, database["upstreams"], database["targets"], clock, ttl=ttl)
        self.certificates = CertificateHolder(
            database["certificates"],
            database["ca_certificates"],
            database["snis"],
            clock,
            secrets=secrets,
            ttl=ttl,
            changed=lambda: _tell(self.certificate_watchers),
        )
        # Whoever is asked for no token needs none to be there.
        self.admin_tokens = (
            AdminTokenHolder(database["admin_tokens"], clock, ttl=ttl) if conf.admin_auth == "token" else None
        )
        self.invalidator = Invalidator(self.cache, (*self._holders, *followers), clock)
        self.feed = ChangeFeed(
            database.log,
            self.invalidator.follow,
            self.invalidator.doubt,
            clock,
            frequency=conf.db_update_frequency if polling else 0.0,
            propagation=conf.db_update_propagation,
            chance=chance,
        )

    @property
    def _holders(self) -> tuple[Holder, ...]:
        always = (self.certificates, self.routing, self.plugins, self.upstreams)
        return always if self.admin_tokens is None else (self.admin_tokens, *always)

    async def start(self) -> None:
        """Load everything, and follow the log from then on; :class:`NotLoaded` if that does not succeed."""
        for holder in self._holders:
            holder.startService()
        self.feed.startService()
        loaded = all_of([holder.loaded() for holder in self._holders])
        try:
            await loaded.addTimeout(LOAD_PATIENCE, self._clock)
        except TimeoutError:
            raise NotLoaded(f"cannot load the configuration from the database: {self._reason()}") from None

    async def stop(self) -> None:
        """Follow no more; returns when no read is under way."""
        for service in (self.feed, *self._holders):
            stopped: Any = service.stopService()
            if stopped is not None:
                await stopped

    def unready(self) -> str | None:
        """Why the node cannot serve yet, in Kong's words; None when it can."""
        if not self.routing.ready or not self.upstreams.ready:
            return "router builds not yet complete"
        return None if self.plugins.ready else "plugins iterator build not yet complete"

    def _reason(self) -> str:
        errors = [self.feed.last_error, *(holder.last_error for holder in self._holders)]
        return next((error for error in errors if error), "it takes too long")
