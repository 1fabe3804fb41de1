"""The order in which a node is put together, and what is left of it when a step fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.error import CannotListenError

from tests.kit.bundled import bundled
from tests.kit.logs import caught_failures
from tests.kit.memory_node import MemoryNode
from tests.kit.running import make_conf
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.core.errors import DatabaseError
from twisted_kong.node.lifecycle import EXPLAINED
from twisted_kong.node.prefix import PrefixError
from twisted_kong.service.build import loaded_plugins
from twisted_kong.service.state import LOAD_PATIENCE, NotLoaded


def test_nothing_listens_before_everything_is_loaded(tmp_path: Path) -> None:
    """Then Status, Admin and proxy, in this order: the proxy never answers for want of its parts."""
    node = MemoryNode(tmp_path)
    node.start()
    assert node.listening_when_loaded == []
    assert node.reactor.listening == [8100, 8001, 8000]
    assert node.client(8100).get("/status/ready").status == 200
    node.stop()


def test_the_cache_is_warm_before_anything_listens(tmp_path: Path) -> None:
    """``db_cache_warmup_entities``: the first request with a known Consumer reads nothing."""
    first = MemoryNode(tmp_path)
    first.start()
    made = first.client(8001).post("/consumers", {"username": "bob"}).json
    first.stop()
    node = MemoryNode(tmp_path, data=first.strategy.data, db_cache_warmup_entities="services,consumers")
    node.start()
    key = f"consumers:{made['id']}:::::{node.parts.database.workspace}"
    assert node.parts.state.cache.peek(key)["username"] == "bob"
    node.stop()


def test_a_database_that_cannot_be_opened_ends_the_start(tmp_path: Path) -> None:
    """The reason is handed on as it is."""
    node = MemoryNode(tmp_path)
    node.strategy.start_error = DatabaseError("file is not a database")
    assert str(node.fails()) == "file is not a database"
    assert node.listening_when_loaded is None


def test_a_database_that_cannot_be_read_ends_the_start_at_last(tmp_path: Path) -> None:
    """The first load is tried again for a while; then the reason is told and the database closed."""
    node = MemoryNode(tmp_path)
    node.strategy.page_error = DatabaseError("disk I/O error")
    with caught_failures():
        node.node.startService()
        seen: list[object] = []
        node.node.when_ready().addErrback(lambda failure: seen.append(failure.value))
        node.reactor.pump([1.0] * int(LOAD_PATIENCE + 1))
    assert [type(each) for each in seen] == [NotLoaded]
    assert "disk I/O error" in str(seen[0])
    assert not node.strategy.open
    assert node.reactor.getDelayedCalls() == []


@pytest.mark.parametrize("port", [8000, 8001, 8100])
def test_a_port_in_use_closes_what_was_opened(tmp_path: Path, port: int) -> None:
    """Whichever listener fails: the others are closed, the feed has stopped, the database is closed."""
    node = MemoryNode(tmp_path)
    node.reactor.in_use.add(port)
    reason = node.fails()
    assert isinstance(reason, CannotListenError)
    assert isinstance(reason, EXPLAINED)
    assert str(port) in str(reason)


def test_a_plugin_that_is_not_there_is_told_with_its_place(tmp_path: Path) -> None:
    """The line names the plugin and where it is configured; nothing was opened for it."""
    node = MemoryNode(tmp_path, plugins="bundled,nonsense")
    reason = node.fails()
    assert isinstance(reason, ConfError)
    assert "plugin 'nonsense' is enabled but not installed" in str(reason)


def test_a_plugin_in_use_that_is_not_loaded_ends_the_start(tmp_path: Path) -> None:
    """A node without key-auth would let everybody in where key-auth shall stand guard."""
    first = MemoryNode(tmp_path)
    first.start()
    made = first.client(8001).post("/plugins", {"name": "key-auth"}).json
    first.stop()
    node = MemoryNode(tmp_path, data=first.strategy.data, plugins="correlation-id")
    reason = node.fails()
    assert isinstance(reason, EXPLAINED)
    assert "key-auth plugin is in use but not enabled" in str(reason)
    again = MemoryNode(tmp_path, data=first.strategy.data)
    again.start()
    again.client(8001).patch(f"/plugins/{made['id']}", {"enabled": False})
    again.stop()
    without = MemoryNode(tmp_path, data=first.strategy.data, plugins="correlation-id")
    without.start()
    without.stop()


def test_a_template_that_cannot_be_read_ends_the_start(tmp_path: Path) -> None:
    """Files of the configuration are looked at before the database is."""
    node = MemoryNode(tmp_path, error_template_json=str(tmp_path / "none.json"))
    assert isinstance(node.fails(), ConfError)
    assert not node.strategy.open


def test_a_certificate_that_cannot_be_used_ends_the_start(tmp_path: Path) -> None:
    """Before any listener has opened; the line names the file."""
    node = MemoryNode(tmp_path, proxy_listen="127.0.0.1:8000 ssl")
    reason = node.fails()
    assert isinstance(reason, PrefixError)
    assert "kong-default.crt" in str(reason)
    assert node.reactor.ports == []


def test_an_access_log_that_cannot_be_opened_ends_the_start(tmp_path: Path) -> None:
    """Each of the three logs is opened before its listener."""
    for name in ("proxy_access_log", "admin_access_log", "status_access_log"):
        node = MemoryNode(tmp_path, **{name: str(tmp_path / "none" / "access.log")})
        reason = node.fails()
        assert isinstance(reason, ConfError)
        assert f"{name}: cannot open " in str(reason)


def test_the_bundled_plugins_are_those_of_the_reference(tmp_path: Path) -> None:
    """``plugins = bundled`` loads what comes with the node."""
    loaded = loaded_plugins(make_conf(tmp_path))
    assert {plugin.name for plugin in loaded.plugins} >= {each.name for each in bundled("key-auth")}
