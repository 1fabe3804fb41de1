"""What follows from a match."""

from __future__ import annotations

from tests.kit.proxies import route_row, service_row
from twisted_kong.core.http1.heads import FieldBlock, RequestHead
from twisted_kong.core.router import RouteMatch
from twisted_kong.node.balancing import Balancing, Peer
from twisted_kong.proxy.plan import Plan, default_port, host_of, is_secure, make_plan


def test_the_path_for_the_service_is_worked_out() -> None:
    """Stripped prefix, the Service's path, and the prefix to tell."""
    plan = Plan(route_row(strip_path=True), service_row(path="/base"), "/pre", "/pre/x y")
    assert plan.target_path == b"/base/x%20y"
    assert plan.prefix == b"/pre"
    assert Plan(route_row(strip_path=True), service_row(), "/", "/x").prefix is None
    assert Plan(route_row(), service_row(), "/pre", "/pre/x").prefix is None


def test_path_handling_counts_where_the_router_says_so() -> None:
    """v1 joins the paths as they are; otherwise every Route is handled as v0."""
    route, service = route_row(strip_path=True, path_handling="v1"), service_row(path="/s")
    assert Plan(route, service, "/a/", "/a/x", path_handling=True).target_path == b"/sx"
    assert Plan(route, service, "/a/", "/a/x").target_path == b"/s/x"


def test_protocols_decide_who_may_come() -> None:
    """https alone needs https, gRPC alone needs gRPC."""
    assert Plan(route_row(protocols=["https"]), None, None, "/").needs_https
    assert not Plan(route_row(), None, None, "/").needs_https
    assert Plan(route_row(protocols=["grpc", "grpcs"]), None, None, "/").grpc
    assert is_secure("grpcs")
    assert not is_secure("http")


def test_an_address_is_settled_once() -> None:
    """Where the host can never lead elsewhere, peer and Host are remembered; not for names."""
    balancing = Balancing(lambda host: (host,))
    plan = make_plan(RouteMatch(route_row(), "/", None), service_row(), "/", balancing)
    assert plan.peer is balancing.fixed("10.0.0.1", 81)
    assert plan.host == b"10.0.0.1:81"
    named = make_plan(RouteMatch(route_row(), "/", None), service_row(host="a.test"), "/", balancing)
    assert named.peer is None
    kept = make_plan(RouteMatch(route_row(preserve_host=True), "/", None), service_row(), "/", balancing)
    assert kept.host is None


def test_a_plan_is_remembered_on_its_match() -> None:
    """The next request finds it there."""
    match = RouteMatch(route_row(), "/", None)
    assert make_plan(match, None, "/", Balancing(lambda host: (host,))) is match.memo


def test_ways_are_shared_only_where_nobody_changes_them() -> None:
    """Requests with plugins get their own."""
    plan = Plan(route_row(), service_row(), "/", "/x")
    assert plan.shared_way(b"GET", None) is plan.shared_way(b"GET", None)
    assert plan.shared_way(b"GET", b"q").query == b"q"
    assert plan.way(b"GET", None) is not plan.way(b"GET", None)


def test_hosts_name_unusual_ports() -> None:
    """80 and 443 go without saying where they are the default."""
    assert host_of(Peer("10.0.0.1", 80, "a.test"), "http") == b"a.test"
    assert host_of(Peer("10.0.0.1", 443, "a.test"), "http") == b"a.test:443"
    assert host_of(Peer("10.0.0.1", 443, "a.test"), "https") == b"a.test"
    assert host_of(Peer("::1", 81, "::1"), "http") == b"[::1]:81"
    assert host_of(Peer("10.0.0.1", 81, "a.test", "custom.host"), "http") == b"custom.host:81"
    assert host_of(Peer("10.0.0.1", 81, "a.test", "custom.host:99"), "http") == b"custom.host:99"
    assert host_of(Peer("10.0.0.1", 81, "a.test", "[::2]:99"), "http") == b"[::2]:99"
    assert host_of(Peer("10.0.0.1", 81, "a.test", "::2"), "http") == b"[::2]:81"
    assert default_port("grpcs") == 443


def test_a_way_that_plugins_left_alone_is_recognised() -> None:
    """Line and host are judged apart; a host set to another place, or the port alone, leads elsewhere."""
    plan = Plan(route_row(), service_row(), "/", "/x")
    head = RequestHead(b"", b"GET", b"/x?q", b"/x", b"q", 1, b"", FieldBlock(b""))
    way = plan.way(head.method, head.query)
    assert plan.made(way, head)
    assert plan.leads(way)
    way.query = b"q=2"
    assert not plan.made(way, head)
    assert plan.leads(way)
    way.port = 82
    assert not plan.leads(way)
    way = plan.way(head.method, head.query)
    way.host = "10.0.0.2"
    assert not plan.leads(way)
