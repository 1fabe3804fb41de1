"""Health of Targets as their addresses tell."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from tests.kit.deferreds import no_result, success_of
from twisted_kong.admin.routes.target_health import Judge, Known, balancer_health, look_up, target_health
from twisted_kong.core.names.records import Found, Place
from twisted_kong.node.dns import NameFailure

IPV6 = "[0000:0000:0000:0000:0000:0000:0000:0001]"
NAMES: dict[str, tuple[Found, ...]] = {
    "h.test": ("10.0.0.8", "10.0.0.9"),
    "six.test": ("::1",),
    "srv.test": (Place("10.0.0.8", 8001, 3, "a.test"), Place("10.0.0.8", 0, 4, "b.test")),
}


def target(address: str, weight: int | None = 10) -> dict[str, Any]:
    return {"id": "t", "target": address, "weight": weight}


async def lookup(host: str) -> tuple[Found, ...]:
    if host not in NAMES:
        raise NameFailure(host)
    return NAMES[host]


def known(*targets: dict[str, Any]) -> Known:
    found: Known = success_of(look_up(targets, lookup))
    return found


def health_of(address: str, weight: int | None = 10) -> dict[str, Any]:
    row = target(address, weight)
    return target_health(row, known(row), None)


def test_a_target_by_address_has_one_address() -> None:
    """Its address, record type and weight follow from the row; nobody is asked."""
    assert health_of("10.0.0.1:80") == {
        "health": "HEALTHCHECKS_OFF",
        "data": {
            "host": "10.0.0.1",
            "port": 80,
            "dns": "A",
            "nodeWeight": 10,
            "weight": {"total": 10, "available": 10, "unavailable": 0},
            "addresses": [{"ip": "10.0.0.1", "port": 80, "weight": 10, "health": "HEALTHCHECKS_OFF"}],
        },
    }
    assert health_of(f"{IPV6}:80")["data"]["dns"] == "AAAA"
    assert health_of(f"{IPV6}:80")["data"]["addresses"][0]["ip"] == IPV6


def test_a_target_by_name_has_the_addresses_of_the_name() -> None:
    """Each with the weight of the Target, as Kong weighs them."""
    data = health_of("h.test:80")["data"]
    assert [(each["ip"], each["port"], each["weight"]) for each in data["addresses"]] == [
        ("10.0.0.8", 80, 10),
        ("10.0.0.9", 80, 10),
    ]
    assert (data["dns"], data["nodeWeight"], data["weight"]["total"]) == ("A", 10, 20)
    data = health_of("six.test:80")["data"]
    assert (data["dns"], data["addresses"][0]["ip"]) == ("AAAA", "[::1]")


def test_a_name_that_leads_nowhere() -> None:
    """Recorded: the error of the lookup is told, whatever the weight, and no addresses are an object."""
    for weight in (10, 0):
        shown = health_of("nope.test:80", weight)
        assert shown["health"] == "DNS_ERROR"
        assert shown["data"]["dns"] == "dns server error: 3 name error"
        assert shown["data"]["addresses"] == {}
        assert shown["data"]["weight"] == {"total": 0, "available": 0, "unavailable": 0}


def test_a_target_without_weight_is_out() -> None:
    """A weight of 0 leaves no address in the balance."""
    shown = health_of("10.0.0.1:80", 0)
    assert (shown["health"], shown["data"]["addresses"], shown["data"]["nodeWeight"]) == (
        "HEALTHCHECKS_OFF",
        {},
        0,
    )


def test_a_weight_that_was_reset_is_the_default() -> None:
    """A patch may set the weight to null."""
    data = health_of("10.0.0.1:80", None)["data"]
    assert (data["nodeWeight"], data["weight"]["total"]) == (100, 100)


def test_the_whole_adds_up() -> None:
    """The weight of an Upstream is that of its known addresses."""
    rows = [target("10.0.0.1:80"), target("nope.test:80"), target("h.test:80", 5)]
    whole = balancer_health({"id": "u"}, rows, known(*rows), None)
    assert whole["details"]["weight"] == {"total": 20, "available": 20, "unavailable": 0}
    assert [len(host["addresses"]) for host in whole["details"]["hosts"]] == [1, 0, 2]
    assert whole["details"]["hosts"][0]["addresses"][0]["healthy"] is True
    assert (whole["health"], whole["balancer_health"]) == ("HEALTHCHECKS_OFF", "HEALTHY")


def test_nowhere_to_go() -> None:
    """An Upstream without any weight is not healthy."""
    rows = [target("nope.test:80"), target("10.0.0.1:80", 0)]
    whole = balancer_health({"id": "u"}, rows, known(*rows), None)
    assert (whole["balancer_health"], whole["details"]["healthy"]) == ("UNHEALTHY", False)


def test_names_are_looked_up_at_once() -> None:
    """Nobody waits for one name after the other, and none is asked for twice."""
    waiting: dict[str, Deferred[tuple[str, ...]]] = {}

    async def slowly(host: str) -> tuple[str, ...]:
        waiting[host] = Deferred()
        return await waiting[host]

    rows = [target("a.test:80"), target("b.test:80"), target("a.test:81")]
    done = Deferred.fromCoroutine(look_up(rows, slowly))
    assert sorted(waiting) == ["a.test", "b.test"]
    waiting["b.test"].errback(NameFailure("b.test"))
    no_result(done)
    waiting["a.test"].callback(("10.0.0.1",))
    assert success_of(done) == {"a.test": ("10.0.0.1",), "b.test": ()}


def out(*ips: str) -> Judge:
    """Some addresses are unhealthy."""
    return lambda target, ip, port: ip not in ips


def test_a_target_is_healthy_while_any_address_is() -> None:
    """Its weight tells how much of it is available; without an address it is none of both."""
    row = target("h.test:80")
    for ips, health, available in (
        ((), "HEALTHY", 20),
        (("10.0.0.8",), "HEALTHY", 10),
        (("10.0.0.8", "10.0.0.9"), "UNHEALTHY", 0),
    ):
        shown = target_health(row, known(row), out(*ips))
        assert shown["health"] == health
        assert shown["data"]["weight"] == {"total": 20, "available": available, "unavailable": 20 - available}
        assert [each["health"] for each in shown["data"]["addresses"]] == [
            "UNHEALTHY" if each in ips else "HEALTHY" for each in NAMES["h.test"]
        ]
    nowhere, weightless = target("nope.test:80"), target("10.0.0.1:80", 0)
    assert target_health(nowhere, known(nowhere), out())["health"] == "DNS_ERROR"
    assert target_health(weightless, known(weightless), out())["health"] == "HEALTHCHECKS_OFF"


def test_addresses_are_judged_without_brackets() -> None:
    """As requests are sent there."""
    asked = []
    row = target(f"{IPV6}:80")
    target_health(row, known(row), lambda *address: bool(asked.append(address)))
    ip = IPV6.strip("[]")
    assert asked == [((ip, 80), ip, 80)]


def test_srv_records_have_ports_and_weights_of_their_own() -> None:
    """Where they tell a port; a Target of weight 0 is out all the same."""
    asked = []
    row = target("srv.test:80")
    shown = target_health(row, known(row), lambda *address: not asked.append(address))
    assert shown["data"]["dns"] == "SRV"
    assert [(each["port"], each["weight"]) for each in shown["data"]["addresses"]] == [(8001, 3), (80, 4)]
    assert shown["data"]["weight"]["total"] == 7
    assert asked == [(("srv.test", 80), "10.0.0.8", port) for port in (8001, 80)]
    assert health_of("srv.test:80", 0)["data"]["weight"]["total"] == 0


def test_the_whole_is_healthy_above_its_threshold() -> None:
    """Exactly the threshold is too little."""
    rows = [target("10.0.0.1:80", 50), target("10.0.0.2:80", 50)]
    for threshold, healthy in ((0, True), (49, True), (50, False)):
        upstream = {"id": "u", "healthchecks": {"threshold": threshold}}
        whole = balancer_health(upstream, rows, known(*rows), out("10.0.0.2"))
        assert whole["details"]["healthy"] is healthy
        assert whole["health"] == whole["balancer_health"] == ("HEALTHY" if healthy else "UNHEALTHY")
        assert whole["details"]["weight"] == {"total": 100, "available": 50, "unavailable": 50}
        assert whole["details"]["hosts"][1]["addresses"][0]["healthy"] is False
    never = {"id": "u", "healthchecks": {"threshold": 100}}
    assert balancer_health(never, rows, known(*rows), None)["balancer_health"] == "HEALTHY"
