"""Names that are no property."""

from __future__ import annotations

import pytest

from twisted_kong.core.conf.names import did_you_mean, unknown_in_environment, unknown_in_file
from twisted_kong.core.conf.problems import Origin
from twisted_kong.core.conf.text import Line


def test_unknown_name_is_told_once_with_its_place_and_what_was_meant() -> None:
    """A slip in a file would otherwise go unnoticed, as in Kong."""
    lines = [Line("databse", "x", Origin("k.conf", n)) for n in (3, 9)]
    assert [str(problem) for problem in unknown_in_file(lines)] == [
        "k.conf:3: unknown property 'databse' is ignored; did you mean 'database'?"
    ]


def test_name_that_resembles_nothing_gets_no_guess() -> None:
    """A far-fetched guess is worse than none."""
    assert did_you_mean("zzz_qqq") is None


def test_known_and_dynamic_names_are_no_news() -> None:
    """Neither properties nor injected directives are unknown."""
    lines = [Line("prefix", "x", Origin("k", 1)), Line("nginx_http_gzip", "on", Origin("k", 2))]
    assert list(unknown_in_file(lines)) == []


def test_slip_in_the_environment_is_told() -> None:
    """A variable that is nearly a property's was meant to be it."""
    problems = [str(problem) for problem in unknown_in_environment({"KONG_LOG_LEVL": "info"})]
    assert problems == ["KONG_LOG_LEVL: no such property, it is ignored; did you mean KONG_LOG_LEVEL?"]


@pytest.mark.parametrize(
    "variable",
    [
        "KONG_VERSION",
        "KONG_PORT_8000_TCP_ADDR",
        "KONG_SERVICE_HOST",
        "KONG_ADMIN_SERVICE_PORT_HTTP",
        "HOME",
        "KONG_PG_PASSWORD",
        "KONG_NGINX_HTTP_GZIP",
    ],
)
def test_environment_of_container_runtimes_is_no_news(variable: str) -> None:
    """Images and orchestrators set variables with our prefix that are none of our business."""
    assert list(unknown_in_environment({variable: "x"})) == []
