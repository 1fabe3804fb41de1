"""Plugins run phase by phase as in Kong, and what one does wrong stays its own."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from tests.kit.deferreds import failure_of, no_result, success_of
from tests.kit.methods import Method, Plugin, Stage
from tests.kit.pdk import a_context, answered, sent_headers
from twisted_kong.core.context import Answer, RequestContext
from twisted_kong.pdk.phases import Phases

BOB = {"id": "bob", "username": "bob"}


def now(answering: Any) -> Answer | None:
    """What a phase answers, which must be known at once."""
    return success_of(answering) if isinstance(answering, Deferred) else answering


def test_without_rows_nothing_happens() -> None:
    """No plugin, no cost: not even the PDK is made."""
    stage = Stage(a=(1, {"access": None, "log": None}))
    context = a_context()
    assert stage.phases.rewrite(context) is None
    assert stage.phases.access(context) is None
    assert stage.phases.header_filter(context) is None
    assert stage.phases.body_filter(context, b"x", True) == b"x"
    stage.phases.log(context)
    needs = stage.phases.needs(context)
    flags = [
        needs.has_access,
        needs.has_header_filter,
        needs.has_body_filter,
        needs.has_response,
        needs.has_log,
    ]
    assert not any(flags)
    assert context.plan is None
    assert stage.ran == []


def test_order_of_phases_and_plugins() -> None:
    """In each phase the greatest priority comes first, equal ones by name."""
    every: dict[str, Method | None] = dict.fromkeys(
        ("rewrite", "access", "header_filter", "body_filter", "log")
    )
    stage = Stage(b=(1, every), a=(1, every), z=(9, every)).rows()
    context = a_context()
    phases = stage.phases
    phases.rewrite(context)
    phases.access(context)
    answered(context)
    phases.header_filter(context)
    phases.body_filter(context, b"", True)
    phases.log(context)
    assert stage.ran == [f"{name}.{phase}" for phase in every for name in "zab"]


class Short(Plugin):
    """A handler with a shortcut for requests by GET."""

    def __init__(self, ran: list[str], sets: dict[str, Any] | None = None) -> None:
        super().__init__(50, ran, access=None)
        self._sets = sets

    def access_shortcut(self, conf: Any, gateway: Any) -> Callable[[RequestContext], bool] | None:
        """None where the configuration says so."""
        if "long" in conf:
            return None

        def shortcut(context: RequestContext) -> bool:
            if "fails" in conf:
                raise ValueError("on the shortcut")
            if context.head.method != b"GET":
                return False
            context.consumer = self._sets
            return True

        return shortcut


def a_short_stage(sets: dict[str, Any] | None = None, **config: Any) -> Stage:
    """One with a shortcut between two that have none; the last has a row of its own for Bob."""
    stage = Stage(a=(99, {"access": None}), b=(50, {}), c=(1, {"access": None}))
    stage.handlers["b"] = Short(stage.ran, sets)
    stage.phases = Phases(stage.plan, stage.handlers, stage.gateway)
    stage.row("b", config=config)
    return stage


def test_a_shortcut_takes_the_place_of_access() -> None:
    """For the request that it is made for; no PDK is made then, nor asked of one it is not made for."""
    stage = a_short_stage()
    context = a_context()
    assert stage.phases.access(context) is None
    assert stage.ran == []
    assert context.plan is None
    assert stage.phases.access(a_context(method="POST")) is None
    assert stage.ran == ["b.access"]
    stage.row("b", config={"long": True})
    assert stage.phases.access(a_context()) is None
    assert stage.ran == ["b.access"] * 2


def test_those_behind_a_shortcut_have_their_turn() -> None:
    """The first without one, and all behind it, run as ever."""
    stage = a_short_stage()
    stage.row("c")
    context = a_context()
    assert stage.phases.access(context) is None
    assert stage.ran == ["c.access"]
    stage.row("a")
    assert stage.phases.access(a_context()) is None
    assert stage.ran == ["c.access", "a.access", "b.access", "c.access"]
    assert stage.phases.needs(context).has_access


def test_a_shortcut_may_find_the_consumer() -> None:
    """The rows behind it are then those of the Consumer."""
    stage = a_short_stage(BOB)
    stage.row("c", config={"tag": "all"})
    stage.row("c", "c-bob", config={"tag": "bob"}, consumer="bob")
    assert stage.phases.access(a_context()) is None
    assert stage.ran == ["c.access:bob"]


def test_a_shortcut_that_fails() -> None:
    """It is an error of the plugin's like any other: 500, and a line in the log."""
    stage = a_short_stage(fails=True)
    answer = now(stage.phases.access(a_context()))
    assert answer is not None
    assert answer.status == 500
    assert len(stage.events) == 1


def test_what_a_route_needs_is_remembered_until_a_row_changes() -> None:
    """The match remembers its chain; a row put or removed shows in the next request."""
    stage = Stage(a=(1, {"access": None}))
    context = a_context()
    assert not stage.phases.needs(context).has_access
    stage.row("a")
    needs = stage.phases.needs(context)
    assert needs.has_access
    assert stage.phases.needs(context) is needs
    stage.plan.remove("a")
    assert not stage.phases.needs(context).has_access


def test_rewrite_runs_global_rows_only() -> None:
    """Before routing, rows bound to a Route cannot apply."""
    stage = Stage(a=(1, {"rewrite": None}), b=(2, {"rewrite": None}))
    stage.row("a")
    stage.row("b", route="route")
    stage.phases.rewrite(a_context(routed=False))
    assert stage.ran == ["a.rewrite"]


def test_what_rewrite_set_reaches_the_service() -> None:
    """Headers set before there is a Service are sent to the one found later."""
    stage = Stage(
        a=(1, {"rewrite": lambda kong, conf: kong.service.request.set_header("X-A", "1"), "access": None})
    )
    stage.rows()
    context = a_context(routed=False)
    stage.phases.rewrite(context)
    routed = a_context()
    context.route, context.service, context.upstream = routed.route, routed.service, routed.upstream
    stage.phases.access(context)
    assert sent_headers(context)["x-a"] == "1"


def test_an_exit_ends_access_but_not_later_phases() -> None:
    """Later plugins do not run their access; all that were collected filter and log."""

    def leave(kong: Any, conf: Any) -> None:
        kong.response.exit(418, "tea")

    stage = Stage(
        one=(3, {"access": leave, "log": None}), two=(2, {"access": None, "header_filter": None, "log": None})
    ).rows()
    context = a_context()
    answer = now(stage.phases.access(context))
    assert answer is not None
    assert (answer.status, answer.body) == (418, b"tea")
    stage.phases.header_filter(answered(context))
    stage.phases.log(context)
    assert stage.ran == ["one.access", "two.header_filter", "one.log", "two.log"]


def test_an_error_in_access_is_a_500_and_one_line() -> None:
    """The client gets Kong's words; the log tells plugin and request; later phases run."""

    def fail(kong: Any, conf: Any) -> None:
        raise ValueError("broken")

    stage = Stage(bad=(3, {"access": fail, "log": None}), good=(2, {"access": None, "log": None})).rows()
    context = a_context()
    answer = now(stage.phases.access(context))
    assert answer is not None
    assert (answer.status, answer.source) == (500, "error")
    assert json.loads(answer.body)["message"] == "An unexpected error occurred"
    [line] = stage.lines
    assert "[bad] access failed: ValueError: broken" in line
    assert context.request_id in line
    stage.phases.log(context)
    assert stage.ran == ["bad.access", "bad.log", "good.log"]


def test_errors_in_later_phases_stop_nothing() -> None:
    """Each is logged; the answer and the other plugins are not touched."""

    def fail(kong: Any, conf: Any) -> None:
        kong.call.chunk = b"half done"
        raise ValueError("broken")

    methods: dict[str, Method | None] = {"header_filter": fail, "body_filter": fail, "log": fail}
    stage = Stage(bad=(3, methods), good=(2, dict.fromkeys(methods))).rows()
    context = answered(a_context())
    stage.phases.access(context)
    assert stage.phases.header_filter(context) is None
    assert stage.phases.body_filter(context, b"whole", True) == b"whole"
    stage.phases.log(context)
    assert len(stage.lines) == 3
    assert [entry for entry in stage.ran if entry.startswith("good")] == [
        f"good.{phase}" for phase in methods
    ]


def test_coroutines_that_wait() -> None:
    """Access goes on where it stopped when what it waits for is there."""
    gate: Deferred[None] = Deferred()

    async def wait(kong: Any, conf: Any) -> None:
        await gate
        kong.ctx.shared["waited"] = kong.call.running

    async def quick(kong: Any, conf: Any) -> None:
        """A coroutine that does not wait."""

    stage = Stage(a=(3, {"access": quick}), b=(2, {"access": wait}), c=(1, {"access": None})).rows()
    context = a_context()
    waiting = stage.phases.access(context)
    assert isinstance(waiting, Deferred)
    no_result(waiting)
    assert stage.ran == ["a.access", "b.access"]
    gate.callback(None)
    assert success_of(waiting) is None
    assert stage.ran[-1] == "c.access"
    assert context.shared == {"waited": "b"}


@pytest.mark.parametrize("ending", ["exit", "error"])
def test_ending_after_a_wait(ending: str) -> None:
    """Exits and errors after a wait are what they are before one."""
    gate: Deferred[None] = Deferred()

    async def wait(kong: Any, conf: Any) -> None:
        await gate
        if ending == "exit":
            kong.response.exit(418)
        raise ValueError("late")

    stage = Stage(a=(3, {"access": wait}), b=(2, {"access": None})).rows()
    waiting = stage.phases.access(a_context())
    gate.callback(None)
    answer = now(waiting)
    assert answer is not None
    assert answer.status == (418 if ending == "exit" else 500)
    assert stage.ran == ["a.access"]


def test_a_client_that_is_gone_is_no_error() -> None:
    """Cancelling access ends the plugin without an answer and without a line."""

    async def wait(kong: Any, conf: Any) -> None:
        await Deferred()

    stage = Stage(a=(3, {"access": wait})).rows()
    waiting = stage.phases.access(a_context())
    assert isinstance(waiting, Deferred)
    waiting.cancel()
    failure_of(waiting, CancelledError)
    assert stage.lines == []


def authenticating(gate: Deferred[None] | None = None) -> Method:
    async def authenticate(kong: Any, conf: Any) -> None:
        if gate is not None:
            await gate
        kong.client.authenticate(BOB, {"id": "cred"})

    return authenticate


@pytest.mark.parametrize("waits", [False, True])
def test_rows_of_the_consumer_apply_to_later_plugins(waits: bool) -> None:
    """Once a Consumer is known, plugins of lower priority run as configured for it, in every later phase."""
    gate: Deferred[None] | None = Deferred() if waits else None
    both: dict[str, Method | None] = {"access": None, "log": None}
    stage = Stage(early=(9, both), auth=(5, {"access": authenticating(gate)}), late=(1, both), only=(0, both))
    for name in ("early", "late"):
        stage.row(name, config={"tag": "all"})
        stage.row(name, f"{name}-bob", {"tag": "bob"}, consumer="bob")
    stage.row("only", "only-bob", {"tag": "bob"}, consumer="bob")
    stage.row("auth")
    context = a_context()
    result = stage.phases.access(context)
    if gate is not None:
        gate.callback(None)
    assert now(result) is None
    stage.phases.log(context)
    assert stage.ran == [
        "early.access:all",
        "auth.access",
        "late.access:bob",
        "only.access:bob",
        "early.log:all",
        "late.log:bob",
        "only.log:bob",
    ]


def test_without_access_only_global_rows_take_part() -> None:
    """A request without a Route is filtered and logged by rows bound to nothing."""
    stage = Stage(a=(1, {"log": None, "header_filter": None}), b=(2, {"log": None}))
    stage.row("a")
    stage.row("b", route="route")
    context = answered(a_context(routed=False))
    stage.phases.header_filter(context)
    stage.phases.log(context)
    assert stage.ran == ["a.header_filter", "a.log"]


def test_needs_follow_what_is_collected() -> None:
    """Before access they are the Route's, after it those of the Consumer too."""
    stage = Stage(auth=(5, {"access": authenticating()}), late=(1, {"log": None}))
    stage.row("auth")
    stage.row("late", consumer="bob")
    context = a_context()
    assert not stage.phases.needs(context).has_log
    stage.phases.access(context)
    assert stage.phases.needs(context).has_log


def test_exit_in_header_filter_replaces_the_answer() -> None:
    """Status and body are the plugin's, and no field describes the old one; later filters do not run."""

    def leave(kong: Any, conf: Any) -> None:
        kong.response.exit(503, {"message": "no"}, {"X-A": "new"})

    stage = Stage(a=(2, {"header_filter": leave}), b=(1, {"header_filter": None})).rows()
    fields = [(b"Content-Encoding", b"gzip"), (b"ETag", b"1"), (b"x-a", b"old"), (b"X-B", b"kept")]
    context = answered(a_context(), fields=fields)
    stage.phases.header_filter(context)
    response = context.response
    assert response is not None
    assert (response.status, response.source, response.body) == (503, "exit", b'{"message":"no"}')
    assert response.headers.items() == [
        (b"X-B", b"kept"),
        (b"X-A", b"new"),
        (b"Content-Type", b"application/json; charset=utf-8"),
    ]
    assert stage.ran == ["a.header_filter"]


def test_response_may_answer_instead_of_the_service() -> None:
    """In the buffered phase a plugin may look at the whole answer and put its own in its place."""

    async def look(kong: Any, conf: Any) -> None:
        if await kong.service.response.get_raw_body() == b"":
            kong.response.exit(502, "empty")

    stage = Stage(a=(2, {"response": look})).rows()
    context = a_context()
    assert stage.phases.response(a_context(routed=False)) is not None
    stage.phases.access(context)
    answer = now(stage.phases.response(answered(context)))
    assert answer is not None
    assert (answer.status, answer.body) == (502, b"empty")
    assert stage.phases.needs(context).has_response


def test_body_filters_follow_one_another() -> None:
    """Each gets what the one before made of a piece; one that waits is refused."""

    async def waits(kong: Any, conf: Any) -> None:
        await Deferred()

    stage = Stage(
        a=(3, {"body_filter": lambda kong, conf: kong.response.set_chunk(kong.response.get_chunk().upper())}),
        b=(2, {"body_filter": waits}),
        c=(1, {"body_filter": lambda kong, conf: kong.response.set_chunk(kong.response.get_chunk() + b"!")}),
    ).rows()
    context = a_context()
    stage.phases.access(context)
    assert stage.phases.body_filter(context, b"a", False) == b"A!"
    assert "must not wait" in stage.lines[0]


def pieces_of(stage: Stage, *pieces: bytes) -> list[bytes]:
    """What the client gets of a body that comes in these pieces and ends with an empty one."""
    context = a_context()
    stage.phases.access(context)
    sent = [stage.phases.body_filter(context, piece, False) for piece in pieces]
    return [*sent, stage.phases.body_filter(context, b"", True)]


def test_a_body_can_be_held_back_and_rewritten() -> None:
    """Two plugins that want the whole of it get it one after the other."""

    def rewritten(by: bytes) -> Method:
        def method(kong: Any, conf: Any) -> None:
            body = kong.response.get_raw_body()
            if body is not None:
                assert kong.response.get_raw_body() == body
                kong.response.set_raw_body(body + by)

        return method

    stage = Stage(a=(2, {"body_filter": rewritten(b"!")}), b=(1, {"body_filter": rewritten(b"?")})).rows()
    assert pieces_of(stage, b"one", b"two") == [b"", b"", b"onetwo!?"]


def test_a_body_that_is_set_ends_there() -> None:
    """Kong: a plugin that sets it with each piece sends it once; later plugins see that it ends."""
    seen: list[bool] = []
    stage = Stage(
        a=(2, {"body_filter": lambda kong, conf: kong.response.set_raw_body("once")}),
        b=(1, {"body_filter": lambda kong, conf: seen.append(kong.response.is_last_chunk())}),
    ).rows()
    assert pieces_of(stage, b"one", b"two") == [b"once", b"", b""]
    assert seen == [True]


@pytest.mark.parametrize("last", [False, True])
def test_a_body_filter_that_fails_loses_nothing(last: bool) -> None:
    """What it held back is sent, once."""

    def fails(kong: Any, conf: Any) -> None:
        body = kong.response.get_raw_body()
        if kong.response.is_last_chunk() is last and (last or kong.response.get_chunk() == b""):
            kong.response.set_raw_body(b"never")
            raise ValueError(body)

    stage = Stage(a=(1, {"body_filter": fails})).rows()
    assert pieces_of(stage, b"one", b"two") == ([b"", b"", b"onetwo"] if last else [b"one", b"two", b""])


def test_log_may_wait() -> None:
    """It goes on by itself, the next plugin after it; an error is logged."""
    gate: Deferred[None] = Deferred()

    async def waits(kong: Any, conf: Any) -> None:
        await gate
        raise ValueError("late")

    stage = Stage(a=(3, {"log": waits}), b=(2, {"log": None})).rows()
    context: RequestContext = a_context()
    stage.phases.log(context)
    assert stage.ran == ["a.log"]
    gate.callback(None)
    assert stage.ran == ["a.log", "b.log"]
    assert "[a] log failed: ValueError: late" in stage.lines[0]


def test_header_filter_may_wait() -> None:
    """The answer waits with it; an error afterwards is only logged."""
    gate: Deferred[None] = Deferred()

    async def waits(kong: Any, conf: Any) -> None:
        await gate
        kong.response.set_header("X-A", "late")
        raise ValueError("x")

    stage = Stage(a=(3, {"header_filter": waits}), b=(2, {"header_filter": None})).rows()
    context = answered(a_context())
    waiting = stage.phases.header_filter(context)
    assert isinstance(waiting, Deferred)
    gate.callback(None)
    success_of(waiting)
    assert context.response is not None
    assert context.response.headers.get(b"x-a") == b"late"
    assert stage.ran[-1] == "b.header_filter"
    assert len(stage.lines) == 1


def test_changed_rows_apply_at_once() -> None:
    """The next request is run as the plan then says."""
    stage = Stage(a=(1, {"access": None}))
    stage.row("a", config={"tag": "old"})
    stage.phases.access(a_context())
    stage.row("a", config={"tag": "new"})
    stage.phases.access(a_context())
    stage.plan.remove("a")
    stage.phases.access(a_context())
    assert stage.ran == ["a.access:old", "a.access:new"]


def test_a_finished_request_is_no_work_for_the_garbage_collector() -> None:
    """Once the exchange lets go of the PDK, nothing refers to itself in a circle."""

    def touch(kong: Any, conf: Any) -> None:
        for module in ("cache", "client", "ctx", "log", "node", "request", "response", "router", "service"):
            getattr(kong, module)
        kong.ctx.shared["a"] = 1
        kong.service.request.set_header("X-A", "1")

    stage = Stage(a=(1, {"access": touch, "log": touch_nothing})).rows()
    gc.collect()
    gc.disable()
    try:
        context = a_context()
        stage.phases.access(context)
        stage.phases.log(context)
        context.plan = None
        gone = weakref.ref(context)
        del context
        assert gone() is None
    finally:
        gc.enable()


def touch_nothing(kong: Any, conf: Any) -> None:
    """A log method."""
