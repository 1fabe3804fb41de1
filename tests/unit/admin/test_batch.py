"""Tests of several operations that are done as one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tests.kit.admin_client import Response
from tests.kit.admin_node import START, AdminNode
from tests.kit.deferreds import success_of
from twisted_kong.admin.api import admin_table
from twisted_kong.admin.bodies import Body
from twisted_kong.admin.calls import Call
from twisted_kong.admin.failures import Refused
from twisted_kong.admin.routes.plugins import WARNING
from twisted_kong.core.errors import DatabaseUnavailable
from twisted_kong.db.interfaces import Commit, Committed

ID = "11111111-1111-4111-8111-000000000001"


@pytest.fixture
def node() -> AdminNode:
    node = AdminNode("key-auth")
    node.create("/services", {"name": "s", "host": "h"})
    node.applied.clear()
    return node


def batch(node: AdminNode, *operations: tuple[Any, ...], query: str = "") -> Response:
    """Send operations: method, path, and perhaps a body and further members."""
    listed = [
        dict(zip(("method", "path", "body"), each[:3], strict=False)) | (each[3] if len(each) > 3 else {})
        for each in operations
    ]
    return node.client.post(f"/batch{query}", {"operations": listed})


def refused(node: AdminNode, *operations: tuple[Any, ...]) -> Response:
    """Operations of which nothing may be written."""
    head = success_of(node.database.log.head())
    answer = batch(node, *operations)
    assert success_of(node.database.log.head()) == head
    assert node.applied == []
    assert answer.header("X-Kong-Position") is None
    return answer


def test_all_operations_are_one_commit(node: AdminNode) -> None:
    """Later ones see earlier ones, each is answered, and all have one position that this node follows."""
    answer = batch(
        node,
        ("PUT", "/services/new", {"host": "h"}),
        ("POST", "/services/new/routes", {"name": "r", "paths": ["/r"]}),
        ("POST", "/routes", {"id": ID, "paths": ["/q"], "service": {"name": "new"}}),
        ("PATCH", f"/routes/{ID}", {"name": "q"}),
        ("GET", "/routes/q/service"),
        ("GET", "/services?size=1"),
        ("DELETE", "/services/s"),
    )
    assert answer.status == 200
    data = answer.json["data"]
    assert [each["status"] for each in data] == [200, 201, 201, 200, 200, 200, 204]
    assert data[4]["body"] == data[0]["body"]
    assert len(data[5]["body"]["data"]) == 1
    assert data[6]["body"] is None
    assert answer.json["position"] == answer.header("X-Kong-Position")
    assert answer.json["position"] == str(success_of(node.database.log.head()))
    assert [(each.entity, each.operation, each.author) for each in node.applied] == [
        ("services", "create", "127.0.0.1"),
        ("routes", "create", "127.0.0.1"),
        ("routes", "create", "127.0.0.1"),
        ("routes", "update", "127.0.0.1"),
        ("services", "delete", "127.0.0.1"),
    ]
    assert node.client.get("/routes/q").json == data[3]["body"]
    assert node.client.get("/services/s").status == 404


def test_the_first_refusal_refuses_all(node: AdminNode) -> None:
    """The answer has the status of the refused operation, its number and its answer; nothing is written."""
    answer = refused(
        node,
        ("PUT", "/services/new", {"host": "h"}),
        ("POST", "/services", {"name": "s", "host": "h"}),
        ("POST", "/services", {"host": 1}),
    )
    alone = node.client.post("/services", {"name": "s", "host": "h"})
    assert answer.status == alone.status == 409
    assert answer.json == {
        "message": "operation 1 (POST /services) was refused, nothing was written: " + alone.json["message"],
        "operation": 1,
        "answer": alone.json,
    }


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        (("GET", "/services/none"), 404),
        (("GET", "/nothing"), 404),
        (("GET", "/services//"), 404),
        (("DELETE", "/services"), 405),
        (("GET", "/services?size=x"), 400),
        (("POST", "/batch", {"operations": []}), 400),
        (("DELETE", "/cache"), 400),
        (("POST", "/config", {}), 400),
        (("GET", "/"), 400),
        (("PUT", "/debug/node/log-level/debug", {}), 400),
        (("PATCH", "/services/s", {}, {"if_match": '"other"'}), 412),
        (("PUT", "/services/s", {"host": "h"}, {"if_none_match": "*"}), 412),
    ],
)
def test_what_refuses_a_batch(node: AdminNode, operation: tuple[Any, ...], status: int) -> None:
    """Whatever is no success does, and so does what is no business of a batch."""
    answer = refused(node, ("PUT", "/services/new", {"host": "h"}), operation)
    assert (answer.status, answer.json["operation"]) == (status, 1)
    assert node.levels == []


def test_operations_that_cannot_be_read(node: AdminNode) -> None:
    """They are refused before any is done."""
    answer = refused(node, ("PUT", "/services/new", {"host": "h"}), ("FETCH", "/services"))
    assert (answer.status, list(answer.json)) == (400, ["message"])


def test_a_condition_that_holds(node: AdminNode) -> None:
    """It is judged on what is there when its turn comes, earlier operations included."""
    etag = node.client.get("/services/s").header("ETag")
    assert batch(node, ("PATCH", "/services/s", {"port": 1}, {"if_match": etag})).status == 200
    etag = node.client.get("/services/s").header("ETag")
    stale = ("PATCH", "/services/s", {"port": 2}), ("PATCH", "/services/s", {"port": 3}, {"if_match": etag})
    assert batch(node, *stale).status == 412


def test_warnings_are_passed_on() -> None:
    """Of a Plugin that will not do what it says, its operation tells, and a dry run too."""
    node, record = AdminNode("acl"), {"name": "acl", "config": {"allow": ["g"]}}
    tried = node.client.post("/plugins?dry_run=1", record)
    first, second = batch(node, ("POST", "/plugins", record), ("GET", "/plugins")).json["data"]
    assert first["warning"] == tried.header(WARNING) is not None
    assert "warning" not in second


def test_a_batch_can_be_tried_out(node: AdminNode) -> None:
    """A dry run shows all answers and all changes, and does nothing."""
    head = success_of(node.database.log.head())
    answer = batch(
        node, ("PUT", "/services/new", {"host": "h"}), ("DELETE", "/services/s"), query="?dry_run=1"
    )
    assert (answer.status, answer.header("X-Kong-Dry-Run")) == (200, "true")
    assert answer.header("X-Kong-Position") is None
    assert [each["status"] for each in answer.json["data"]] == [200, 204]
    assert [(each["entity"], each["operation"]) for each in answer.json["changes"]] == [
        ("services", "create"),
        ("services", "delete"),
    ]
    assert success_of(node.database.log.head()) == head
    assert node.applied == []


def test_a_dry_run_is_refused_as_the_batch_would_be(node: AdminNode) -> None:
    """With the same status and body."""
    answers = [batch(node, ("PATCH", "/services/none", {}), query=query) for query in ("", "?dry_run=1")]
    assert answers[0].status == answers[1].status == 404
    assert answers[0].body == answers[1].body
    assert answers[1].header("X-Kong-Dry-Run") == "true"


def test_a_batch_of_reads_changes_nothing(node: AdminNode) -> None:
    """It is answered with the position of what it has read at the latest."""
    head = success_of(node.database.log.head())
    answer = batch(node, ("GET", "/services/s"))
    assert (answer.status, answer.json["position"]) == (200, str(head))
    assert node.applied == []


def test_answers_are_bounded_together(node: AdminNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small request must not have the node hold a thousand pages at once."""
    monkeypatch.setattr("twisted_kong.admin.batch.MOST_ANSWERED", 1000)
    reads = [("GET", "/services")] * 10
    answer = refused(node, *reads)
    assert answer.status == 400
    assert "too long together" in answer.json["message"]
    assert answer.json["operation"] < 9
    assert batch(node, *reads[:1]).status == 200


def test_a_node_that_does_not_follow_says_so(node: AdminNode) -> None:
    """The batch stands, and the answer tells that this node has not applied it."""
    node.follows = False
    assert batch(node, ("DELETE", "/services/s")).header("X-Kong-Applied") == "false"


def test_a_race_that_is_lost_is_run_again(node: AdminNode) -> None:
    """Whatever another writes in between, the batch is decided on what is there at the end."""
    apply = node.database.strategy.apply

    async def overtaken(commit: Commit) -> Committed:
        node.database.strategy.apply = apply  # type: ignore[method-assign]
        assert node.client.patch("/services/s", {"port": 81}).status == 200
        return await apply(commit)

    node.database.strategy.apply = overtaken  # type: ignore[method-assign]
    answer = batch(node, ("PATCH", "/services/s", {"retries": 1}))
    body = answer.json["data"][0]["body"]
    assert (body["port"], body["retries"]) == (81, 1)
    assert node.client.get("/services/s").json == body


def test_what_another_took_in_between_refuses_the_operation(node: AdminNode) -> None:
    """The refusal is that of the operation, as if it had come later."""
    apply = node.database.strategy.apply

    async def overtaken(commit: Commit) -> Committed:
        node.database.strategy.apply = apply  # type: ignore[method-assign]
        node.create("/services", {"name": "new", "host": "h"})
        return await apply(commit)

    node.database.strategy.apply = overtaken  # type: ignore[method-assign]
    answer = batch(node, ("GET", "/services"), ("POST", "/services", {"name": "new", "host": "h"}))
    assert (answer.status, answer.json["operation"], answer.json["answer"]["code"]) == (409, 1, 5)


def test_a_database_that_fails_is_no_refusal_of_an_operation(node: AdminNode) -> None:
    """It is told as for any other write."""

    async def gone(commit: Commit) -> Committed:
        raise DatabaseUnavailable("gone")

    node.database.strategy.apply = gone  # type: ignore[method-assign]
    answer = batch(node, ("DELETE", "/services/s"))
    assert (answer.status, list(answer.json)) == (503, ["message"])


def test_many_operations_give_others_their_turn() -> None:
    """After some milliseconds of operations the reactor does what else there is."""

    class Hurrying(Clock):
        def seconds(self) -> float:
            self.rightNow += 0.003
            return super().seconds()

    clock = Hurrying()
    clock.advance(START)
    node = AdminNode(clock=clock)
    operations = [
        {"method": "PUT", "path": f"/services/s{number}", "body": {"host": "h"}} for number in range(9)
    ]
    transport, protocol = node.client.connect()
    protocol.dataReceived(node.client.encode("POST", "/batch", json={"operations": operations}))
    assert transport.value() == b""
    clock.advance(0)
    assert transport.value().startswith(b"HTTP/1.1 200")
    protocol.transport.abortConnection()


def test_each_operation_must_be_permitted(node: AdminNode) -> None:
    """The permit of the caller is asked for each; what it refuses refuses the batch."""
    asked = []

    def permit(method: str, pattern: str) -> None:
        asked.append((method, pattern))
        if method == "DELETE":
            raise Refused(403, "not yours")

    operations = [
        {"method": "GET", "path": "/services/s"},
        {"method": "DELETE", "path": "/services/s"},
        {"method": "GET", "path": "/routes"},
    ]
    post = admin_table(node.parts)["/batch"]["POST"]
    call = Call("POST", "/batch", {}, body=Body({"operations": operations}), permit=permit)
    answer = success_of(post(call))
    assert answer.status == 403
    assert asked == [("GET", "/services/{services}"), ("DELETE", "/services/{services}")]
    assert node.applied == []


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**70)
    | st.text(max_size=4)
    | st.sampled_from(["s", "r", "*"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "id", "host"]), inner)
    ),
    max_leaves=4,
)
NAMES = st.sampled_from(["s", "r", "new", ID, "%2F", "%ff", ""])
PATHS = st.one_of(
    st.builds("/services/{}".format, NAMES),
    st.builds("/services/{}/routes/{}".format, NAMES, NAMES),
    st.builds("/routes/{}/service".format, NAMES),
    st.sampled_from(
        ["/services", "/routes", "/tags", "/cache", "/batch", "/", "//", "/services?size=1", "x"]
    ),
    st.text(max_size=5),
)
RECORDS = st.fixed_dictionaries(
    {}, optional={"name": NAMES | JUNK, "host": JUNK, "paths": JUNK, "service": JUNK, "tags": JUNK}
)
OPERATIONS = st.fixed_dictionaries(
    {"method": st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]), "path": PATHS},
    optional={"body": RECORDS | JUNK, "if_match": JUNK, "if_none_match": JUNK, "more": JUNK},
)


@settings(max_examples=100, deadline=None)
@given(st.lists(OPERATIONS | JUNK, max_size=4), st.sampled_from(["", "?dry_run=1"]))
def test_whatever_is_sent_is_done_or_refused_as_a_whole(operations: list[Any], query: str) -> None:
    """It never fails, and leaves no trace unless it was done."""
    node = AdminNode()
    node.create("/services", {"name": "s", "host": "h"})
    node.create("/services/s/routes", {"name": "r", "paths": ["/r"]})
    node.applied.clear()
    before = node.database.strategy.data.tables
    held = {name: dict(table.documents) for name, table in before.items()}
    answer = node.client.post(f"/batch{query}", {"operations": operations})
    assert answer.status in (200, 400, 404, 405, 409, 412)
    if answer.status != 200 or query:
        assert {name: dict(table.documents) for name, table in before.items()} == held
        assert node.applied == []
