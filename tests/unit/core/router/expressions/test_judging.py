"""An expression is judged as the router will run it."""

from __future__ import annotations

from twisted_kong.core.router.expressions.judging import problem_of


def test_what_can_be_run_has_no_problem() -> None:
    """Fields of HTTP are there for its protocols, those of connections for all."""
    assert problem_of('http.path == "/"', ["http"]) is None
    assert problem_of('http.path == "/"', ["grpc", "grpcs"]) is None
    assert problem_of('tls.sni == "a"', ["tls"]) is None
    assert problem_of('http.path == "/"', None) is None


def test_problems_are_told() -> None:
    """Both what cannot be read and what cannot be compared."""
    assert str(problem_of("(", ["http"])).endswith("expected term")
    assert problem_of('http.path == "/"', ["tcp"]) == "Unknown LHS field http.path"
