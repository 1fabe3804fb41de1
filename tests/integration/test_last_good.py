"""A node of a PostgreSQL cluster whose database is away, or is not there at the start; real processes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.kit.ports import free_ports
from tests.kit.postgres import PostgresServer, conf_lines, new_server, requires_postgres
from tests.kit.site import Reply, Site, new_site
from tests.kit.waiting import wait_for

pytestmark = [pytest.mark.integration, requires_postgres]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with new_server() as server:
        yield server


class Cluster:
    """A node, and the server it finds its database on."""

    def __init__(self, server: PostgresServer, site: Site) -> None:
        self.server, self.site = server, site
        self.settings = server.fresh_database().settings
        (self.status_port,) = free_ports(1)
        self.configure()
        made = site.kong("migrations", "bootstrap", "-c", str(site.conf))
        assert made.returncode == 0, made.stderr

    def configure(self, **settings: str) -> None:
        own = {**self.settings, "pg_timeout": "1000", "status_listen": f"127.0.0.1:{self.status_port}"}
        self.site.configure(conf_lines({**own, "db_update_frequency": "0.5", **settings}))

    @property
    def snapshot(self) -> Path:
        return self.site.prefix / "config.cache"

    def admin(self, method: str, path: str, record: Any = None) -> Reply:
        return self.site.admin(method, path, record)

    def ready(self) -> Reply:
        return self.site.ask(self.status_port, "GET", "/status/ready")

    def create(self, path: str, record: dict[str, Any]) -> str:
        """Make an entity; its position."""
        answer = self.admin("POST", path, record)
        assert answer.status == 201, answer.body
        return answer.headers["x-kong-position"]

    def wait_for_snapshot(self, position: str) -> None:
        wait_for(lambda: self.snapshot_position() == position)

    def snapshot_position(self) -> str | None:
        query = "select value from snapshot where name = 'position'"
        try:
            with closing(sqlite3.connect(f"{self.snapshot.as_uri()}?mode=ro", uri=True)) as connection:
                found = connection.execute(query).fetchone()
        except sqlite3.OperationalError:
            # it is just being made
            return None
        return None if found is None else str(found[0])


@pytest.fixture
def cluster(server: PostgresServer, tmp_path: Path) -> Iterator[Cluster]:
    with new_site(tmp_path) as site:
        yield Cluster(server, site)
        if not server.answers():
            server.start()


def guarded_route(cluster: Cluster) -> str:
    """A Route that answers 200 to whoever has a key; the position after that."""
    cluster.create("/routes", {"name": "r", "paths": ["/r"]})
    cluster.create("/routes/r/plugins", {"name": "key-auth"})
    cluster.create(
        "/routes/r/plugins", {"name": "request-termination", "config": {"status_code": 200, "message": "hi"}}
    )
    cluster.create("/consumers", {"username": "ann"})
    cluster.create("/consumers/ann/key-auth", {"key": "short-lived", "ttl": 1})
    return cluster.create("/consumers/ann/key-auth", {"key": "secret"})


def test_a_node_starts_without_its_database(cluster: Cluster) -> None:
    """Killed, and started again in an outage, it serves what there was; afterwards it is a full node."""
    site, server = cluster.site, cluster.server
    node = site.serve()
    cluster.wait_for_snapshot(guarded_route(cluster))
    node.kill()
    node.wait()
    assert cluster.snapshot.stat().st_mode & 0o777 == 0o600

    server.stop()
    node = site.serve()
    assert "started from the last-good snapshot" in site.console
    assert site.proxy("/r?apikey=secret").status == 200
    assert site.proxy("/r?apikey=short-lived").status == 401
    assert site.proxy("/r").status == 401
    health = cluster.ready()
    assert (health.status, health.json["message"]) == (200, "ready")
    assert health.json["database"]["reachable"] is False
    assert health.json["database"]["stale_seconds"] > 0
    assert [each["name"] for each in cluster.admin("GET", "/routes").json["data"]] == ["r"]
    refused = cluster.admin("POST", "/consumers", {"username": "bob"})
    assert refused.status == 503
    assert "nothing was changed" in refused.json["message"]

    server.start()
    wait_for(lambda: cluster.admin("PUT", "/consumers/bob", {"username": "bob"}).status == 200)
    cluster.create("/consumers/bob/key-auth", {"key": "another"})
    assert site.proxy("/r?apikey=another").status == 200
    assert site.proxy("/r?apikey=secret").status == 200
    wait_for(lambda: cluster.ready().json["database"]["reachable"])
    wait_for(lambda: cluster.ready().json["database"]["stale_seconds"] < 2)


def test_what_changed_in_the_outage_is_loaded_when_it_is_over(cluster: Cluster, tmp_path: Path) -> None:
    """A Route that another node has removed meanwhile is gone as soon as the database is there."""
    site = cluster.site
    node = site.serve()
    cluster.wait_for_snapshot(guarded_route(cluster))
    node.kill()
    node.wait()
    (tmp_path / "other").mkdir()
    with new_site(tmp_path / "other") as other:
        other.configure(conf_lines(cluster.settings))
        other.serve()
        assert other.admin("DELETE", "/routes/r").status == 204
    cluster.server.stop()
    site.serve()
    assert site.proxy("/r?apikey=secret").status == 200
    cluster.server.start()
    wait_for(lambda: site.proxy("/r?apikey=secret").status == 404)


def test_a_snapshot_that_is_too_old_is_not_used(cluster: Cluster) -> None:
    """The node waits for its database then, and says why it does not serve."""
    site = cluster.site
    node = site.serve()
    cluster.wait_for_snapshot(guarded_route(cluster))
    node.kill()
    node.wait()
    cluster.server.stop()
    cluster.configure(config_cache_max_age="0.001")
    site.spawn()
    wait_for(lambda: "waiting for the database" in site.console)
    assert "the last-good snapshot is not used" in site.console
    assert "older than config_cache_max_age" in site.console


def test_a_snapshot_that_cannot_be_written_disturbs_nothing(cluster: Cluster) -> None:
    """A directory that is not there is told once; the node serves and takes writes all the same."""
    site = cluster.site
    cluster.configure(config_cache_path="/nowhere/config.cache")
    site.serve()
    position = guarded_route(cluster)
    wait_for(lambda: "the last-good snapshot cannot be kept up to date" in site.console)
    assert site.proxy("/r?apikey=secret").status == 200
    assert position
    assert site.console.count("last-good snapshot") == 1


@pytest.mark.parametrize("frozen", [False, True])
def test_an_outage_is_served_through(cluster: Cluster, frozen: bool) -> None:
    """What is known is served on, beyond its time to live; writes are refused, and monitoring hears of it."""
    site, server = cluster.site, cluster.server
    cluster.configure(db_cache_ttl="0.5", db_resurrect_ttl="1", pg_timeout="500")
    site.serve()
    guarded_route(cluster)
    assert site.proxy("/r?apikey=secret").status == 200
    (server.pause if frozen else server.stop)()
    try:
        until = time.monotonic() + 4
        while time.monotonic() < until:
            assert site.proxy("/r?apikey=secret").status == 200
        assert site.proxy("/r?apikey=never-seen").status >= 500
        refused = cluster.admin("POST", "/consumers", {"username": "bob"})
        assert (refused.status, "nothing was changed" in refused.json["message"]) == (503, True)
        health = cluster.ready()
        assert (health.status, health.json["database"]["reachable"]) == (200, False)
        assert health.json["database"]["stale_seconds"] > 2
        metrics = site.ask(cluster.status_port, "GET", "/metrics").body.decode()
        assert "kong_datastore_reachable 0.0" in metrics
        assert "twisted_kong_cache_resurrections_total 0.0" not in metrics
    finally:
        (server.resume if frozen else server.start)()
    wait_for(lambda: cluster.admin("PUT", "/consumers/bob", {"username": "bob"}).status == 200)
    assert [each["username"] for each in cluster.admin("GET", "/consumers").json["data"]].count("bob") == 1
    wait_for(lambda: cluster.ready().json["database"]["stale_seconds"] < 2)


def test_kongs_way_of_being_ready(cluster: Cluster) -> None:
    """With status_ready_needs_database a node without its database wants no requests."""
    cluster.configure(status_ready_needs_database="on")
    cluster.site.serve()
    assert cluster.ready().status == 200
    cluster.server.stop()
    answer = cluster.ready()
    assert (answer.status, answer.json["message"]) == (503, "failed to connect to database")


def test_tokens_are_good_while_the_database_is_away(cluster: Cluster) -> None:
    """A running node knows them, as does one that starts from its snapshot; others are refused."""
    site, root = cluster.site, "a-token-of-kong.conf-with-32-chars"
    cluster.configure(admin_auth="token", admin_token=root)

    def ask(token: str, method: str, path: str, record: Any = None) -> Reply:
        return site.ask(site.admin_port, method, path, record, {"Kong-Admin-Token": token})

    node = site.serve()
    made = ask(root, "POST", "/admin-tokens", {"name": "ci", "roles": {"services": "read"}})
    token = made.json["token"]
    cluster.wait_for_snapshot(made.headers["x-kong-position"])
    cluster.server.stop()
    for _ in range(2):
        assert ask(token, "GET", "/cluster/nowhere").status == 404
        assert ask(token, "GET", "/schemas/services").status == 200
        assert ask(token, "GET", "/routes").status == 403
        assert ask("kat_" + "x" * 44, "GET", "/schemas/services").status == 401
        node.kill()
        node.wait()
        node = site.serve()
    assert ask(token, "GET", "/services").status == 200
    assert token.encode() not in cluster.snapshot.read_bytes()
