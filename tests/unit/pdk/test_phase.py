"""A call in the wrong phase is refused with the function, the phase and the allowed phases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.kit.deferreds import outcome
from tests.kit.pdk import a_context, a_kong, answered
from twisted_kong.pdk.call import Exit
from twisted_kong.pdk.kong import Kong
from twisted_kong.pdk.phase import NAMES, WrongPhase, wrong_phase

Q = {"rewrite", "access", "header_filter", "response", "body_filter", "log"}
A = Q - {"rewrite"}
B = {"rewrite", "access", "response"}
W = {"rewrite", "access", "response", "balancer", "header_filter"}
D = {"header_filter", "response", "body_filter", "log"}
RA = {"rewrite", "access"}
RAB = RA | {"balancer"}

FUNCTIONS: dict[str, tuple[Callable[[Kong], Any], set[str]]] = {
    "kong.request.get_scheme": (lambda kong: kong.request.get_scheme(), Q),
    "kong.request.get_header": (lambda kong: kong.request.get_header("a"), Q),
    "kong.request.get_headers": (lambda kong: kong.request.get_headers(), Q),
    "kong.request.get_query_arg": (lambda kong: kong.request.get_query_arg("a"), Q),
    "kong.request.get_raw_body": (lambda kong: kong.request.get_raw_body(), B),
    "kong.request.get_body": (lambda kong: kong.request.get_body("application/x-www-form-urlencoded"), B),
    "kong.client.get_consumer": (lambda kong: kong.client.get_consumer(), A),
    "kong.client.authenticate": (lambda kong: kong.client.authenticate({"id": "c"}, None), {"access"}),
    "kong.service.set_retries": (lambda kong: kong.service.set_retries(1), {"access"}),
    "kong.service.set_target": (
        lambda kong: kong.service.set_target("a", 1),
        {"access", "balancer", "preread"},
    ),
    "kong.service.request.set_path": (lambda kong: kong.service.request.set_path("/"), RAB),
    "kong.service.request.set_query": (lambda kong: kong.service.request.set_query({}), RA),
    "kong.service.request.clear_header": (lambda kong: kong.service.request.clear_header("a"), RA),
    "kong.service.request.set_header": (lambda kong: kong.service.request.set_header("a", "b"), RAB),
    "kong.service.response.get_status": (lambda kong: kong.service.response.get_status(), D),
    "kong.response.get_status": (lambda kong: kong.response.get_status(), D),
    "kong.response.set_header": (lambda kong: kong.response.set_header("a", "b"), W),
    "kong.response.exit": (lambda kong: kong.response.exit(200), W),
    "kong.response.error": (lambda kong: kong.response.error(400), W),
    "kong.response.get_raw_body": (lambda kong: kong.response.get_raw_body(), {"body_filter"}),
    "kong.router.get_route": (lambda kong: kong.router.get_route(), A),
    "kong.plugin.get_id": (lambda kong: kong.plugin.get_id(), Q),
    "kong.log.serialize": (lambda kong: kong.log.serialize(), {"log"}),
    "kong.log.set_serialize_value": (
        lambda kong: kong.log.set_serialize_value("a", 1),
        Q | {"certificate"},
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_knows_its_phases(name: str) -> None:
    """A function works in the phases that Kong allows and is refused in every other."""
    call, allowed = FUNCTIONS[name]
    refused: set[str] = set()
    texts: set[bool] = set()
    for bit, phase in NAMES.items():
        kong = a_kong(answered(a_context()), phase=bit)
        try:
            result = call(kong)
            if hasattr(result, "__await__"):
                seen = outcome(result)
                if seen and isinstance(getattr(seen[0], "value", None), WrongPhase):
                    raise seen[0].value
        except WrongPhase as error:
            refused.add(phase)
            texts.add(
                str(error).partition(" (only in")[0] == f"function '{name}' cannot be called in {phase} phase"
            )
        except Exit:
            pass
    assert set(NAMES.values()) - refused == allowed
    assert texts == {True}


def test_the_error_lists_the_allowed_phases() -> None:
    """The text tells where the function may be called."""
    error = wrong_phase("kong.x", 1, 0b11000)
    assert str(error) == "function 'kong.x' cannot be called in init_worker phase (only in: rewrite, access)"
