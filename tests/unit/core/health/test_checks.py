from __future__ import annotations

import pytest

from tests.kit.health import checked
from twisted_kong.core.health.checks import Event, Probe, checks_of, suffices, threshold_of


@pytest.mark.parametrize(
    ("switch", "is_on"),
    [
        ("active__healthy__interval", True),
        ("active__unhealthy__interval", True),
        ("passive__unhealthy__http_failures", True),
        ("passive__unhealthy__tcp_failures", True),
        ("passive__unhealthy__timeouts", True),
        ("passive__healthy__successes", False),
        ("active__unhealthy__timeouts", False),
    ],
)
def test_checks_are_on_where_something_can_put_an_address_out(switch: str, is_on: bool) -> None:
    """Kong: an interval, or a limit of failures of requests."""
    assert checks_of(checked()) is None
    assert (checks_of(checked(**{switch: 1})) is not None) is is_on


def test_a_row_without_checks_has_none() -> None:
    """Rows that hold nothing of health are as those with everything off."""
    assert checks_of({"id": "u"}) is None
    assert threshold_of({"id": "u"}) == 0


def test_statuses_are_judged_by_their_lists() -> None:
    """What is in neither says nothing, the list of the healthy is asked first, and no HTTP is a failure."""
    checks = checks_of(checked(active__healthy__interval=1, active__healthy__http_statuses=[200, 500]))
    assert checks is not None
    judged = {status: checks.active.judge(status) for status in (200, 500, 429, 404, 0)}
    assert judged == {
        200: Event.SUCCESS,
        500: Event.SUCCESS,
        429: Event.HTTP_FAILURE,
        404: None,
        0: Event.HTTP_FAILURE,
    }


def test_504_of_a_proxied_response_is_a_timeout() -> None:
    """As in Kong, whatever the lists hold."""
    checks = checks_of(checked(passive__unhealthy__http_failures=1, passive__unhealthy__http_statuses=[504]))
    assert checks is not None
    assert checks.passive.judge_proxied(504) is Event.TIMEOUT
    assert checks.passive.judge(504) is Event.HTTP_FAILURE


def test_probes_are_as_configured() -> None:
    """Each field of ``active`` arrives; each value of a header is a line, unless it would make two."""
    row = checked(
        active__healthy__interval=2.5,
        active__type="https",
        active__timeout=3,
        active__concurrency=4,
        active__http_path="/up",
        active__headers={"x-a": ["1", "2"], "x-b": ["bad\r\nx: y"]},
        active__https_sni="sni.test",
        active__https_verify_certificate=False,
        threshold=40,
    )
    checks = checks_of({**row, "host_header": "host.test", "client_certificate": {"id": "c"}})
    assert checks is not None
    assert checks.probe == Probe(
        "https", 3, 4, "/up", (("x-a", "1"), ("x-a", "2")), "host.test", "sni.test", False, "c"
    )
    assert (checks.healthy_interval, checks.unhealthy_interval, checks.threshold) == (2.5, 0, 40)
    assert checks.probes


@pytest.mark.parametrize(
    ("kind", "secure", "asks"),
    [
        ("http", False, True),
        ("https", True, True),
        ("tcp", False, False),
        ("grpc", False, False),
        ("grpcs", True, False),
    ],
)
def test_kinds_of_probes(kind: str, secure: bool, asks: bool) -> None:
    """Which speak TLS, and which send a request."""
    checks = checks_of(checked(active__healthy__interval=1, active__type=kind))
    assert checks is not None
    assert (checks.probe.is_secure, checks.probe.asks) == (secure, asks)


def test_a_timeout_of_0_is_the_default_one() -> None:
    """As in OpenResty: a probe never waits for ever, and never not at all."""
    checks = checks_of(checked(active__healthy__interval=1, active__timeout=0))
    assert checks is not None
    assert checks.probe.timeout == 60


@pytest.mark.parametrize(
    ("available", "total", "threshold", "enough"),
    [(0, 0, 0, False), (0, 10, 0, False), (1, 1000, 0, True), (5, 10, 50, False), (6, 10, 50, True),
     (10, 10, 100, False)],
)  # fmt: skip
def test_more_weight_than_the_threshold_must_be_there(
    available: int, total: int, threshold: int, enough: bool
) -> None:
    """Kong: exactly the threshold is too little, so that with 100 percent nothing is ever enough."""
    assert suffices(available, total, threshold) is enough
