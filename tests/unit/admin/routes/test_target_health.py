"""Health of Targets as far as their rows tell."""

from __future__ import annotations

from typing import Any

from twisted_kong.admin.routes.target_health import balancer_health, target_health

IPV6 = "[0000:0000:0000:0000:0000:0000:0000:0001]"


def target(address: str, weight: int | None = 10) -> dict[str, Any]:
    return {"id": "t", "target": address, "weight": weight}


def test_a_target_by_address_has_one_address() -> None:
    """Its address, record type and weight follow from the row."""
    assert target_health(target("10.0.0.1:80")) == {
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
    assert target_health(target(f"{IPV6}:80"))["data"]["dns"] == "AAAA"
    assert target_health(target(f"{IPV6}:80"))["data"]["addresses"][0]["ip"] == IPV6


def test_a_target_by_name_has_no_known_address() -> None:
    """Names are not resolved for this."""
    data = target_health(target("h.test:80"))["data"]
    assert (data["dns"], data["addresses"], data["weight"]["total"]) == ("unknown", [], 0)


def test_a_target_without_weight_is_out() -> None:
    """A weight of 0 leaves no address in the balance."""
    data = target_health(target("10.0.0.1:80", 0))["data"]
    assert (data["addresses"], data["nodeWeight"]) == ([], 0)


def test_a_weight_that_was_reset_is_the_default() -> None:
    """A patch may set the weight to null."""
    data = target_health(target("10.0.0.1:80", None))["data"]
    assert (data["nodeWeight"], data["weight"]["total"]) == (100, 100)


def test_the_whole_adds_up() -> None:
    """The weight of an Upstream is that of its known addresses."""
    whole = balancer_health(
        {"id": "u"}, [target("10.0.0.1:80"), target("h.test:80"), target("10.0.0.2:80", 5)]
    )
    assert whole["details"]["weight"] == {"total": 15, "available": 15, "unavailable": 0}
    assert [len(host["addresses"]) for host in whole["details"]["hosts"]] == [1, 0, 1]
    assert whole["details"]["hosts"][0]["addresses"][0]["healthy"] is True
