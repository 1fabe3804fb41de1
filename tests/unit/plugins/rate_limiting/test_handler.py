"""rate-limiting counts, shows and refuses as Kong 3.9.1 was seen to; only exactly."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.deferreds import success_of
from tests.kit.pdk import RECORDED, a_context
from tests.kit.plugins import PluginStage, client_headers, message_of
from twisted_kong.core.context import Answer, RequestContext


def stage(**config: Any) -> PluginStage:
    return PluginStage({"rate-limiting": config})


def ask(node: PluginStage, **fields: Any) -> tuple[Answer | None, dict[str, str]]:
    """One request, and what its client is told."""
    after = fields.pop("after", 0.0)
    changes = {name: fields.pop(name) for name in ("consumer", "credential", "client_ip") if name in fields}
    context: RequestContext = a_context(**fields)
    context.started = RECORDED + after
    for name, value in changes.items():
        setattr(context, name, value)
    answer = node.access(context)
    return answer, client_headers(context)


def test_an_hour() -> None:
    """Recorded: three requests pass and count down, the fourth is refused."""
    node = stage(hour=3)
    for remaining in "210":
        answer, headers = ask(node)
        assert answer is None
        assert headers == {
            "x-ratelimit-limit-hour": "3",
            "x-ratelimit-remaining-hour": remaining,
            "ratelimit-limit": "3",
            "ratelimit-remaining": remaining,
            "ratelimit-reset": "2013",
        }
    answer, headers = ask(node)
    assert message_of(answer) == (429, "API rate limit exceeded")
    assert headers == {
        "x-ratelimit-limit-hour": "3",
        "x-ratelimit-remaining-hour": "0",
        "ratelimit-limit": "3",
        "ratelimit-remaining": "0",
        "ratelimit-reset": "2013",
        "retry-after": "2013",
    }
    answer, _ = ask(node, after=2013)
    assert answer is None


def test_two_periods() -> None:
    """Recorded: the tighter period is the one told; a refused request is not counted in the other."""
    node = stage(month=2, year=5, error_code=430, error_message="slow")
    seen = [ask(node)[1] for _ in range(2)]
    assert [headers["x-ratelimit-remaining-year"] for headers in seen] == ["4", "3"]
    answer, headers = ask(node)
    assert message_of(answer) == (430, "slow")
    assert headers == {
        "x-ratelimit-limit-month": "2",
        "x-ratelimit-remaining-month": "0",
        "x-ratelimit-limit-year": "5",
        "x-ratelimit-remaining-year": "3",
        "ratelimit-limit": "2",
        "ratelimit-remaining": "0",
        "ratelimit-reset": "603213",
        "retry-after": "603213",
    }


def test_all_periods() -> None:
    """Recorded: each has its headers; the least remaining is told, and resets at the earliest in a second."""
    answer, headers = ask(stage(second=50, minute=60, hour=70, day=80, month=90, year=100))
    assert answer is None
    assert headers["x-ratelimit-remaining-year"] == "99"
    assert (headers["ratelimit-limit"], headers["ratelimit-remaining"]) == ("50", "49")
    assert headers["ratelimit-reset"] == "1"


def test_ties_go_to_the_longest() -> None:
    """Of periods with equally much remaining the longest is told."""
    _, headers = ask(stage(minute=5, hour=5))
    assert headers["ratelimit-reset"] == "2013"


def test_hidden() -> None:
    """Nothing is told, but it is refused all the same."""
    node = stage(minute=1, hour=2, hide_client_headers=True)
    assert ask(node) == (None, {})
    answer, headers = ask(node)
    assert message_of(answer)[0] == 429
    assert headers == {}


def test_by_header() -> None:
    """Recorded: each value has its own count, requests without it are counted by address."""
    node = stage(hour=1, limit_by="header", header_name="x-h")
    assert ask(node, headers={"X-H": "a"})[0] is None
    assert ask(node, headers={"X-H": "a"})[0] is not None
    assert ask(node, headers={"X-H": "b"})[0] is None
    assert ask(node)[0] is None
    assert ask(node)[0] is not None
    assert ask(node, client_ip="10.9.9.9")[0] is None


CRED = {"id": "cred"}


@pytest.mark.parametrize(
    ("by", "same", "other"),
    [
        (
            "consumer",
            {"consumer": {"id": "c"}, "client_ip": "1"},
            {"consumer": {"id": "d"}, "client_ip": "1"},
        ),
        ("consumer", {"credential": CRED, "client_ip": "1"}, {"credential": {"id": "x"}, "client_ip": "1"}),
        ("consumer", {"client_ip": "1"}, {"client_ip": "2"}),
        ("credential", {"credential": CRED, "client_ip": "1"}, {"client_ip": "1"}),
        ("ip", {"consumer": {"id": "c"}, "client_ip": "1"}, {"consumer": {"id": "c"}, "client_ip": "2"}),
        ("service", {"client_ip": "1"}, {"client_ip": "1", "service": {"id": "other"}}),
        ("path", {"target": "/login", "client_ip": "1"}, {"target": "/", "client_ip": "1"}),
    ],
)
def test_limit_by(by: str, same: dict[str, Any], other: dict[str, Any]) -> None:
    """Who is counted together is what ``limit_by`` says, else the address."""
    if "service" in other:
        from tests.kit.pdk import a_service

        other = other | {"service": a_service(id="other")}
    node = stage(hour=1, limit_by=by, path="/login")
    assert ask(node, **same)[0] is None
    assert ask(node, **same)[0] is not None
    assert ask(node, **other)[0] is None


def test_rows_bound_elsewhere_count_apart() -> None:
    """A row of a Route and a row of all do not share their counts."""
    node = stage(hour=1)
    node.put("rate-limiting", {"hour": 1}, "row-route", route="special")
    special = {"id": "special", "protocols": ["http"]}
    assert ask(node)[0] is None
    assert ask(node, route=special)[0] is None
    assert ask(node, route=special)[0] is not None


def test_changed_configuration_keeps_the_counts() -> None:
    """A raised limit does not start from nothing."""
    node = stage(hour=1)
    ask(node)
    node.put("rate-limiting", {"hour": 3})
    assert ask(node)[1]["ratelimit-remaining"] == "1"


def test_fractions() -> None:
    """A limit need not be whole."""
    assert ask(stage(hour=1.5))[1]["x-ratelimit-remaining-hour"] == "0.5"


@pytest.mark.parametrize("policy", ["cluster", "redis"])
def test_with_other_policies_each_node_counts_by_itself(policy: str) -> None:
    """The limit holds on this node; the log says once for each configuration that it holds there only."""
    node = stage(hour=1, policy=policy)
    for _ in range(2):
        success_of(node.phases.configure())
    assert [ask(node)[0] is None, message_of(ask(node)[0])[0]] == [True, 429]
    [line] = node.lines
    assert f"counts on this node only, policy '{policy}' is not available in this version" in line
    assert "row-rate-limiting" in line
    assert node.events[0]["log_level"].name == "error"
    node.put("rate-limiting", {"hour": 2, "policy": policy})
    success_of(node.phases.configure())
    assert len(node.lines) == 2


def test_nobody_is_told_of_a_policy_that_is_kept() -> None:
    """``local`` is what this version does; nothing is lacking."""
    node = stage(hour=1)
    success_of(node.phases.configure())
    assert node.lines == []


def test_consumers_count_alike_on_either_way() -> None:
    """A Consumer's requests are one count, whether another plugin changed the answer before or not."""
    node = stage(hour=3)
    seen = []
    for changed in (False, True, False, True):
        context = a_context()
        context.consumer = {"id": "c"}
        if changed:
            context.change_response().set(b"X-Earlier", b"1")
        answer = node.access(context)
        seen.append((answer is None, client_headers(context)["ratelimit-remaining"]))
    assert seen == [(True, "2"), (True, "1"), (True, "0"), (False, "0")]
