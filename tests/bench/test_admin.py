"""The measurements of the Admin API ask for what is there."""

from __future__ import annotations

from itertools import islice

import pytest

from bench.admin import MAKERS, MEMORY, SIZES, options
from bench.consumers import id_of


def test_everything_is_measured_by_default() -> None:
    """All kinds of requests, few and many Consumers."""
    assert (options([]).only, options([]).sizes) == ([*MAKERS, MEMORY], list(SIZES))


def test_an_unknown_measurement_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A typing error must not look like a measurement without results."""
    with pytest.raises(SystemExit):
        options(["--only", "by idd"])
    assert "by idd" in capsys.readouterr().err


def test_ids_follow_from_numbers() -> None:
    """Clients know them without asking."""
    assert id_of(1) == id_of(1) != id_of(2)


@pytest.mark.parametrize("name", MAKERS)
def test_requests_are_requests(name: str) -> None:
    """Each kind makes requests of HTTP/1.1, and writes by different measurements do not meet."""
    one, other = (list(islice(MAKERS[name](1000, clients), 5)) for clients in ("1", "8"))
    assert all(b" HTTP/1.1\r\n" in request for request in one)
    if name in ("post", "post key", "delete", "put"):
        assert not {*one} & {*other}
