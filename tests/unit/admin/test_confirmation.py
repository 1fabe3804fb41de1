"""``?wait=cluster`` on any write: the usual answer when all follow, else 504 that says what still holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.kit.admin_client import AdminClient, Response, parse
from tests.kit.admin_node import AdminNode
from twisted_kong.core.changes import Position
from twisted_kong.db.interfaces import Member
from twisted_kong.db.strategies.memory import MemoryStrategy

OTHER = Member("other", "0a0a0a0a-0000-4000-8000-000000000000", "beta.example", "0.1.0", 0.0, None)


class Sent:
    """A request that was sent, and its answer when that has come."""

    def __init__(self, client: AdminClient, method: str, path: str, **content: Any) -> None:
        self._method = method
        self._transport, protocol = client.connect()
        protocol.dataReceived(client.encode(method, path, **content))

    @property
    def answer(self) -> Response | None:
        received = self._transport.value()
        return parse(received, self._method) if received else None


class Cluster(AdminNode):
    """The node whose Admin API is asked, and another one."""

    def report(self, position: Position | None) -> None:
        """The other node reports how far it is."""
        store: Any = self.database.strategy
        assert isinstance(store, MemoryStrategy)
        member = replace(OTHER, position=position)
        store.data.members["other"] = (member, self.clock.seconds())

    def head(self) -> Any:
        """The end of the log."""
        store: Any = self.database.strategy
        return store.data.log[-1].position

    def send(self, method: str, path: str, **content: Any) -> Sent:
        return Sent(self.client, method, path, **content)


@pytest.fixture
def cluster() -> Cluster:
    """Two nodes, of which one has reported nothing yet."""
    cluster = Cluster()
    cluster.report(None)
    return cluster


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/services", {"name": "new", "host": "h"}, 201),
        ("PUT", "/services/new", {"host": "h"}, 200),
        ("PATCH", "/services/old", {"host": "i"}, 200),
        ("DELETE", "/services/old", None, 204),
        ("POST", "/services/old/routes", {"paths": ["/"]}, 201),
    ],
)
def test_the_usual_answer_when_all_have_followed(
    cluster: Cluster, method: str, path: str, body: Any, status: int
) -> None:
    """Status, body and headers are those of the write; ``wait`` does not become a field of the entity."""
    cluster.create("/services", {"name": "old", "host": "h"})
    sent = cluster.send(method, f"{path}?wait=cluster", json=body)
    cluster.clock.advance(0.5)
    assert sent.answer is None
    cluster.report(cluster.head())
    cluster.clock.advance(0.05)
    assert sent.answer is not None
    assert (sent.answer.status, sent.answer.header("X-Kong-Position")) == (status, str(cluster.head()))
    if status != 204:
        assert "wait" not in sent.answer.json


def test_the_write_is_there_while_it_waits(cluster: Cluster) -> None:
    """Only the answer is held back."""
    cluster.send("POST", "/services?wait=cluster", json={"name": "s", "host": "h"})
    assert cluster.client.get("/services/s").status == 200
    cluster.clock.advance(10)


def test_the_laggard_is_named(cluster: Cluster) -> None:
    """After ten seconds it is told who has not followed, and that the write stands, with its position."""
    sent = cluster.send("POST", "/services?wait=cluster", json={"name": "s", "host": "h"})
    cluster.clock.pump([0.25] * 39)
    assert sent.answer is None
    cluster.clock.advance(0.25)
    assert sent.answer is not None
    assert sent.answer.status == 504
    assert sent.answer.header("X-Kong-Position") == str(cluster.head())
    assert sent.answer.json == {
        "message": (
            "the write stands, but 1 of 2 nodes had not applied it after 10 seconds:"
            f" beta.example ({OTHER.id})"
        ),
        "position": str(cluster.head()),
        "laggards": [{"id": OTHER.id, "instance": "other", "hostname": "beta.example", "position": None}],
    }
    assert cluster.client.get("/services/s").status == 200


def test_how_long_to_wait(cluster: Cluster) -> None:
    """``wait_timeout`` in seconds, fractions too; 0 asks how things are."""
    for seconds, text in ((1.5, "1.5"), (0.0, "0")):
        sent = cluster.send("POST", f"/services?wait=cluster&wait_timeout={text}", json={"host": "h"})
        cluster.clock.pump([0.25] * int(seconds * 4))
        cluster.clock.advance(0.05)
        assert sent.answer is not None
        assert f"after {text} seconds" in sent.answer.json["message"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("wait=node", "wait must be 'cluster'"),
        ("wait=", "wait must be 'cluster'"),
        ("wait=cluster&wait=all", "wait must be 'cluster'"),
        ("wait=cluster&wait_timeout=soon", "wait_timeout must be a number of seconds between 0 and 300"),
        ("wait=cluster&wait_timeout=-1", "wait_timeout must be a number of seconds between 0 and 300"),
        ("wait=cluster&wait_timeout=nan", "wait_timeout must be a number of seconds between 0 and 300"),
        ("wait=cluster&wait_timeout=301", "wait_timeout must be a number of seconds between 0 and 300"),
    ],
)
def test_nonsense_is_refused_before_anything_is_written(cluster: Cluster, query: str, text: str) -> None:
    """Whoever asks for what does not exist learns so while nothing has happened."""
    answer = cluster.client.post(f"/services?{query}", {"host": "h"})
    assert (answer.status, answer.json) == (400, {"message": text})
    assert cluster.client.get("/services").json["data"] == []


def test_what_is_refused_is_not_waited_for(cluster: Cluster) -> None:
    """An error of the write is answered at once."""
    answer = cluster.client.post("/services?wait=cluster", {"nonsense": True})
    assert answer.status == 400
    assert cluster.client.patch("/services/none?wait=cluster", {"host": "h"}).status == 404


def test_what_writes_no_entity_is_not_waited_for(cluster: Cluster) -> None:
    """Emptying the cache of one node is nothing that others could follow."""
    assert cluster.client.delete("/cache/some-key?wait=cluster").status == 204


def test_reads_do_not_wait(cluster: Cluster) -> None:
    """``wait`` means nothing to a read, as any argument that it does not know."""
    assert cluster.client.get("/services?wait=cluster").status == 200


def test_a_delete_of_nothing_waits_too(cluster: Cluster) -> None:
    """Its position is the end of the log, so that everything before is applied when it answers."""
    cluster.create("/services", {"host": "h"})
    sent = cluster.send("DELETE", "/services/none?wait=cluster")
    assert sent.answer is None
    cluster.report(cluster.head())
    cluster.clock.advance(0.05)
    assert sent.answer is not None
    assert sent.answer.status == 204


def test_a_delete_of_nothing_is_no_write_that_stands(cluster: Cluster) -> None:
    """What others have not applied then is what was written before."""
    cluster.create("/services", {"host": "h"})
    sent = cluster.send("DELETE", "/services/none?wait=cluster&wait_timeout=0")
    cluster.clock.advance(0.05)
    assert sent.answer is not None
    assert sent.answer.status == 504
    assert sent.answer.json["message"].startswith(
        "nothing had to be written, but 1 of 2 nodes had not applied what was written before after 0 seconds:"
    )


def test_this_node_is_a_laggard_as_any_other(cluster: Cluster) -> None:
    """A node that could not follow its own write in time says that of itself."""
    cluster.follows = False
    sent = cluster.send("POST", "/services?wait=cluster&wait_timeout=0", json={"host": "h"})
    cluster.report(cluster.head())
    cluster.clock.advance(0)
    assert sent.answer is not None
    assert [node["hostname"] for node in sent.answer.json["laggards"]] == ["beta.example", "test-host"]
    assert sent.answer.header("X-Kong-Applied") == "false"
