"""What a node tells Prometheus."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from tests.kit.admin_node import NODE_ID, AdminNode
from tests.kit.deferreds import success_of
from twisted_kong.admin.database_health import DatabaseHealth
from twisted_kong.admin.node_info import Connections
from twisted_kong.db.interfaces import Member, PoolUse
from twisted_kong.node.standing import DEAD_AFTER


def scraped(node: AdminNode) -> dict[str, float]:
    """All samples by name and labels, these in order."""
    answer = node.status_client().get("/metrics")
    assert answer.status == 200
    assert answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    return {
        "".join(
            (sample.name, *(f" {key}={value}" for key, value in sorted(sample.labels.items())))
        ): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def test_kongs_names() -> None:
    """What Kong's plugin tells of a node without traffic has its names, labels and kinds."""
    samples = scraped(AdminNode())
    node = f"node_id={NODE_ID}"
    assert samples["kong_datastore_reachable"] == 1
    assert samples[f"kong_node_info {node} version=3.9.1"] == 1
    assert f"kong_nginx_requests_total {node} subsystem=http" in samples
    assert f"kong_nginx_connections_total {node} state=active subsystem=http" in samples
    assert "kong_nginx_timers state=pending" in samples
    name = "kong_memory_lua_shared_dict_total_bytes"
    assert f"{name} kong_subsystem=http {node} shared_dict=kong_core_db_cache" in samples
    assert any(name.startswith("kong_memory_workers_lua_vms_bytes") for name in samples)


def test_connections_that_were_refused() -> None:
    """By the reason, and those that had to make room."""
    node = AdminNode()
    assert scraped(node)["twisted_kong_connections_refused_total reason=client"] == 0
    node.node = replace(node.node, connections=lambda: Connections(refused={"client": 2}, replaced=3))
    samples = scraped(node)
    assert samples["twisted_kong_connections_refused_total reason=client"] == 2
    assert samples["twisted_kong_connections_refused_total reason=node"] == 0
    assert samples["twisted_kong_connections_replaced_total"] == 3


def test_the_database() -> None:
    """A database that is away, and since when."""
    node = AdminNode()
    node.health = DatabaseHealth(reachable=False, stale_seconds=61.5, position=None)
    samples = scraped(node)
    assert samples["kong_datastore_reachable"] == 0
    assert samples["twisted_kong_database_stale_seconds"] == 61.5
    assert samples["twisted_kong_log_applied_position"] == 6
    assert samples["twisted_kong_log_read_position"] == 7
    assert samples["twisted_kong_log_errors_total"] == 3
    assert samples["twisted_kong_log_doubts_total"] == 1


def test_the_cache_and_the_pools() -> None:
    """How the cache is used, and the connections of a strategy that has some."""
    node = AdminNode()
    node.cache.peek("x")
    assert "twisted_kong_pool_connections pool=primary state=busy" not in scraped(node)
    node.pools = {"primary": PoolUse(size=10, open=4, busy=2, waiting=1)}
    samples = scraped(node)
    assert samples["twisted_kong_cache_lookups_total found=nothing"] == 1
    assert samples["twisted_kong_cache_reads state=waiting"] == 0
    assert samples["twisted_kong_pool_connections pool=primary state=size"] == 10
    assert samples["twisted_kong_pool_connections pool=primary state=waiting"] == 1


def test_the_nodes_of_the_cluster() -> None:
    """Those that have reported lately and the others; nothing is said where it cannot be known."""
    node = AdminNode()
    report = node.database.strategy.report
    member = Member("one", "id", "host", "1.0", 0.0, None)
    success_of(report(member))
    node.clock.advance(DEAD_AFTER)
    success_of(report(replace(member, instance="two")))
    samples = scraped(node)
    assert samples["twisted_kong_cluster_nodes state=live"] == 1
    assert samples["twisted_kong_cluster_nodes state=dead"] == 1
    node.health = DatabaseHealth(reachable=False, stale_seconds=0.0, position=None)
    assert "twisted_kong_cluster_nodes state=live" not in scraped(node)
