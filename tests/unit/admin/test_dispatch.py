"""Tests of calls of endpoints by method and path."""

from __future__ import annotations

import pytest

from tests.kit.deferreds import failure_of, success_of
from twisted_kong.admin.answers import METHOD_NOT_ALLOWED, Answer, message
from twisted_kong.admin.calls import Call
from twisted_kong.admin.dispatch import Asked, Paths, dispatch, handler_of
from twisted_kong.admin.failures import Refused

PATHS = Paths(
    ["/", "/services", "/services/{services}", "/upstreams/{u}/targets/all", "/upstreams/{u}/targets/{t}"]
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/", ("/", {})),
        ("/services", ("/services", {})),
        ("/services/", ("/services", {})),
        ("/services/a%2Fb%25", ("/services/{services}", {"services": "a/b%"})),
        ("/services/%C3%A4", ("/services/{services}", {"services": "ä"})),
        ("/services/ä", ("/services/{services}", {"services": "ä"})),
        ("/upstreams/x/targets/all", ("/upstreams/{u}/targets/all", {"u": "x"})),
        ("/upstreams/x/targets/a:80", ("/upstreams/{u}/targets/{t}", {"u": "x", "t": "a:80"})),
        ("/services//x", None),
        ("/services/%ff", None),
        ("/nothing", None),
        ("services", None),
        ("", None),
    ],
)
def test_a_path_is_looked_up_as_by_the_server(path: str, found: object) -> None:
    """A path leads to the most literal pattern it fits, with its values decoded once."""
    assert PATHS.find(path) == found


async def endpoint(call: Call) -> Answer:
    """An endpoint that tells how it was called."""
    told = [call.method, call.path, dict(call.params), call.query, call.terms.author, call.dry_run]
    return message(200, repr(told))


TABLE = {"/services/{services}": {"GET": endpoint, "PUT": endpoint}}


def asked(method: str) -> Asked:
    """A call of the one endpoint."""
    return Asked(method, "/services/x", "/services/{services}", {"services": "x"}, [("a", "b")], author="me")


def test_an_endpoint_is_called_with_what_is_asked() -> None:
    """It sees the query string only where the method has no body."""
    answer = success_of(dispatch(TABLE, asked("GET")))
    assert answer == message(200, "['GET', '/services/x', {'services': 'x'}, [('a', 'b')], 'me', False]")
    answer = success_of(dispatch(TABLE, asked("PUT")))
    assert answer == message(200, "['PUT', '/services/x', {'services': 'x'}, [], 'me', False]")


def test_a_method_that_is_not_there() -> None:
    """It is refused with 405; HEAD goes with GET."""
    assert success_of(dispatch(TABLE, asked("DELETE"))) == METHOD_NOT_ALLOWED
    assert handler_of({"GET": endpoint}, "HEAD") is endpoint


def test_what_is_not_permitted_is_not_called() -> None:
    """The permit is asked for method and pattern, and what it raises comes out."""
    seen = []

    def permit(method: str, pattern: str) -> None:
        seen.append((method, pattern))
        raise Refused(403, "no")

    refused = Asked("PUT", "/services/x", "/services/{services}", {"services": "x"}, permit=permit)
    failure_of(dispatch(TABLE, refused), Refused)
    assert seen == [("PUT", "/services/{services}")]
