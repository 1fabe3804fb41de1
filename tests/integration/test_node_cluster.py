"""Two nodes on one database: what B has cached, a miss as well, is gone when it was promised to be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.kit.running import RunningNode, running_node
from tests.kit.scripted_upstream import scripted_upstream
from tests.kit.stepped_time import SteppedReactor, stepped_time

pytestmark = [pytest.mark.integration, pytest.mark.each_database]

# Real seconds that a step needs at most: threads and sockets, nothing that waits for time to pass.
SOON = 5.0
# What is due at a time by a clock of floating point is surely due so much later.
MOMENT = 0.01


class Cluster:
    """A writes, B is asked; with ``time`` only B's goes by steps."""

    def __init__(self, a: RunningNode, b: RunningNode, time: SteppedReactor | None) -> None:
        self.a, self.b, self._time = a, b, time
        self._started = 0.0 if time is None else time.seconds()

    async def advance(self, seconds: float) -> None:
        """Let B's time pass."""
        assert self._time is not None
        self._time.advance(seconds)
        await self.b.after(0.02)

    async def advance_to(self, seconds: float) -> None:
        """Let B's time pass until so many seconds after its start, when it polled first."""
        assert self._time is not None
        await self.advance(self._started + seconds - self._time.seconds())

    async def seen(self) -> None:
        """Let B's time pass until it has seen what A wrote last, in small steps."""
        head = await self.a.parts.database.log.head()
        for _ in range(100):
            if self.b.parts.state.feed.position == head:
                return
            await self.advance(0.05)
        raise AssertionError("B has not seen what A wrote")

    async def status(self, **headers: str) -> int:
        """What B answers to a request."""
        return (await self.b.proxy.get("/x", headers=headers)).status

    async def answers(self, status: int, **headers: str) -> float:
        """Wait until B answers so; how long it took."""

        async def asked() -> bool:
            return await self.status(**headers) == status

        return await self.b.until(asked, SOON)


@asynccontextmanager
async def cluster(
    path: Path, *, stepped: bool = False, polling: bool = True, **settings: object
) -> AsyncIterator[Cluster]:
    """A Service ``x`` with a Route is known to both, and B has applied all that there is."""
    from twisted.internet import reactor

    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        upstream = await enter(scripted_upstream(reactor))
        a = await enter(running_node(path, "a"))
        await a.admin.create("/services", {"name": "x", "url": upstream.url})
        await a.admin.create("/services/x/routes", {"paths": ["/x"]})
        time = await enter(stepped_time(reactor)) if stepped else None
        b = await enter(running_node(path, "b", polling=polling, reactor=time, **settings))
        yield Cluster(a, b, time)


def deaf(node: RunningNode) -> None:
    """Let the node see and hear no news of the database, so that it is left to its polls."""
    strategy = node.parts.database.strategy
    strategy.has_news = lambda: False  # type: ignore[method-assign]
    strategy.listen(lambda: None)


async def forbid(node: RunningNode) -> None:
    """Put a plugin on the Service that answers every request with 418."""
    record = {"name": "request-termination", "config": {"status_code": 418}}
    await node.admin.create("/services/x/plugins", record)


async def demand_keys(node: RunningNode) -> None:
    """Let the Service be for those who have a key, and make a Consumer."""
    await node.admin.create("/services/x/plugins", {"name": "key-auth"})
    await node.admin.create("/consumers", {"username": "bob"})


async def grant_key(node: RunningNode) -> None:
    """Give the Consumer the key ``k``."""
    await node.admin.create("/consumers/bob/key-auth", {"key": "k"})


async def test_that_a_service_has_no_plugin_is_forgotten_at_once(tmp_path: Path) -> None:
    """Databases tell of commits of others long before the poll of a minute."""
    async with cluster(tmp_path, db_update_frequency=60) as nodes:
        assert await nodes.status() == 200
        await forbid(nodes.a)
        assert await nodes.answers(418) < 2


async def test_that_a_service_has_no_plugin_is_forgotten_with_the_poll(tmp_path: Path) -> None:
    """Without any news db_update_frequency is the bound."""
    async with cluster(tmp_path, stepped=True, db_update_frequency=5) as nodes:
        deaf(nodes.b)
        assert await nodes.status() == 200
        await forbid(nodes.a)
        await nodes.advance_to(4.9)
        assert await nodes.status() == 200
        await nodes.advance_to(5 + MOMENT)
        await nodes.answers(418)


async def test_a_missing_key_is_forgotten_with_the_poll(tmp_path: Path) -> None:
    """An unknown key is refused out of the cache; created on the other node it is let in after the poll."""
    async with cluster(tmp_path, stepped=True, db_update_frequency=5) as nodes:
        await demand_keys(nodes.a)
        await nodes.seen()
        await nodes.answers(401, apikey="k")
        deaf(nodes.b)
        await grant_key(nodes.a)
        await nodes.advance_to(4.9)
        assert await nodes.status(apikey="k") == 401
        await nodes.advance_to(5 + MOMENT)
        await nodes.answers(200, apikey="k")


async def test_propagation_is_waited_for_and_no_longer(tmp_path: Path) -> None:
    """With db_update_propagation = 2 hit and miss are served for 2 s after the change was seen."""
    async with cluster(tmp_path, stepped=True, db_update_propagation=2) as nodes:
        await demand_keys(nodes.a)
        await nodes.seen()
        await nodes.advance(2 + MOMENT)
        await nodes.answers(401, apikey="k")
        await nodes.b.until(lambda: not nodes.b.parts.state.feed.pending)

        await grant_key(nodes.a)
        await nodes.seen()
        await nodes.advance(1.9)
        assert await nodes.status(apikey="k") == 401
        await nodes.advance(0.1 + MOMENT)
        await nodes.answers(200, apikey="k")

        await forbid(nodes.a)
        await nodes.seen()
        await nodes.advance(1.9)
        assert await nodes.status(apikey="k") == 200
        await nodes.advance(0.1 + MOMENT)
        await nodes.answers(418, apikey="k")


async def test_a_ttl_bounds_what_was_never_heard_of(tmp_path: Path) -> None:
    """With db_cache_ttl = 1 and no polling a plugin and a key are known after 1 s, the key not before."""
    async with cluster(tmp_path, stepped=True, polling=False, db_cache_ttl=1) as nodes:
        await demand_keys(nodes.a)
        await nodes.advance(1 + MOMENT)
        await nodes.answers(401, apikey="k")
        await grant_key(nodes.a)
        await nodes.advance(0.9)
        assert await nodes.status(apikey="k") == 401
        await nodes.advance(0.1 + MOMENT)
        await nodes.answers(200, apikey="k")
        await forbid(nodes.a)
        await nodes.advance(1 + MOMENT)
        await nodes.answers(418, apikey="k")


async def test_without_ttl_and_polling_nothing_is_heard_of(tmp_path: Path) -> None:
    """The test above proves something: the ttl alone makes the difference."""
    async with cluster(tmp_path, stepped=True, polling=False) as nodes:
        await forbid(nodes.a)
        await nodes.advance(3600)
        assert await nodes.status() == 200


async def test_what_others_have_removed_is_gone_here_too_once_it_is_to_be_removed(tmp_path: Path) -> None:
    """A DELETE that finds nothing to do is answered when this node has heard why."""
    async with cluster(tmp_path, db_update_frequency=60) as nodes:
        route = await nodes.a.admin.create("/services/x/routes", {"paths": ["/y"]})
        path = f"/routes/{route['id']}"
        await nodes.b.until(lambda: nodes.b.parts.state.feed.position == nodes.a.parts.state.feed.position)
        deaf(nodes.b)
        # The reports of the nodes are news too: a poll may be under way.
        await nodes.b.parts.state.feed.poll_now()
        assert (await nodes.a.admin.delete(path)).status == 204
        assert (await nodes.b.proxy.get("/y")).status == 200
        assert (await nodes.b.admin.delete(path)).status == 204
        assert (await nodes.b.proxy.get("/y")).status == 404
