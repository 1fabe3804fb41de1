"""``kong.service`` changes where a request goes, within Kong's bounds."""

from __future__ import annotations

import pytest

from tests.kit.deferreds import success_of
from tests.kit.pdk import a_context, a_gateway, a_kong
from twisted_kong.pdk.service import NoService


def test_target_retries_and_timeouts() -> None:
    """What is set holds for this request."""
    context = a_context()
    service = a_kong(context).service
    service.set_target("10.0.0.9", 81)
    service.set_retries(0)
    service.set_timeouts(1, 2, 3)
    upstream = context.upstream
    assert upstream is not None
    assert (upstream.host, upstream.port, upstream.retries) == ("10.0.0.9", 81, 0)
    assert (upstream.connect_timeout, upstream.write_timeout, upstream.read_timeout) == (1, 2, 3)


def test_bounds() -> None:
    """Values that Kong refuses are refused."""
    service = a_kong(a_context()).service
    for port in (-1, 65536):
        with pytest.raises(ValueError, match="port"):
            service.set_target("a", port)
    with pytest.raises(ValueError, match="host"):
        service.set_target("", 80)
    with pytest.raises(ValueError, match="retries"):
        service.set_retries(32768)
    with pytest.raises(ValueError, match="timeouts"):
        service.set_timeouts(0, 1, 1)


def test_upstreams() -> None:
    """A known Upstream becomes the host; an unknown one changes nothing."""
    context = a_context()
    service = a_kong(context, a_gateway(upstreams=[{"id": "u", "name": "pool"}])).service
    assert success_of(service.set_upstream("pool")) is True
    assert context.upstream is not None
    assert context.upstream.host == "pool"
    assert success_of(service.set_upstream("unknown")) is False
    assert context.upstream.host == "pool"


def test_without_a_service() -> None:
    """Where the Route has no Service there is no way to change."""
    context = a_context()
    context.upstream = None
    with pytest.raises(NoService, match="set_target"):
        a_kong(context).service.set_target("a", 80)
