"""What this version cannot do yet."""

from __future__ import annotations

import pytest

from twisted_kong.core.conf.availability import require_available, unavailable
from twisted_kong.core.conf.loading import Sources, load_conf
from twisted_kong.core.conf.problems import ConfError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "database = cassandra",
            "kong.conf:1: database = cassandra is not available in this version yet (sqlite, postgres)",
        ),
        (
            "database = off",
            "kong.conf:1: database = off is not available: the node needs a database (sqlite, postgres)",
        ),
        ("role = data_plane", "role = data_plane is not available: there is no hybrid mode (traditional)"),
        (
            "admin_listen = 127.0.0.1:1 proxy_protocol",
            "admin_listen: the flag proxy_protocol is available for proxy_listen only",
        ),
        ("stream_listen = 0.0.0.0:9000", "stream_listen is not available in this version yet (off)"),
    ],
)
def test_well_formed_but_not_to_be_had(text: str, message: str) -> None:
    """The grammar accepts it, the start names the place and what there is instead."""
    with pytest.raises(ConfError) as error:
        require_available(load_conf(Sources(text)).conf)
    assert message in str(error.value)


def test_defaults_are_available() -> None:
    """A newcomer can start."""
    assert unavailable(load_conf(Sources()).conf) == ()
