"""Which fields are added, as the two settings say."""

from __future__ import annotations

from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.proxy.settings import Tokens


def configured(**properties: str) -> Tokens:
    conf = load_conf(Sources(options=properties)).conf
    return Tokens.configured(conf.headers, conf.headers_upstream)


def test_defaults_are_kongs() -> None:
    """server_tokens, latency_tokens and the request id."""
    assert configured() == Tokens()


def test_single_names() -> None:
    """Each field can be asked for by itself."""
    only = configured(headers="Via, X-Kong-Upstream-Status", headers_upstream="off")
    assert (only.via, only.server, only.upstream_status, only.request_id) == (True, False, True, False)
    assert not only.request_id_upstream


def test_off() -> None:
    """Nothing is added to answers."""
    nothing = Tokens(**dict.fromkeys(Tokens.__dataclass_fields__, False))
    assert configured(headers="off", headers_upstream="off") == nothing
