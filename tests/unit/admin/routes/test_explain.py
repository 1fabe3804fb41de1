"""``/debug/explain`` judges what it is asked, finds the Consumer, and hands on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.admin_client import AdminClient
from tests.kit.admin_node import AdminNode
from twisted_kong.admin.access import AccessRules
from twisted_kong.admin.api import admin_site
from twisted_kong.core.errors import DatabaseUnavailable

PATH = "/debug/explain"


def test_a_request_is_handed_on() -> None:
    """Every member reaches who explains, in one form."""
    node = AdminNode()
    body = {
        "method": "PUT",
        "scheme": "https",
        "host": "a.test",
        "path": "/x",
        "query": {"q": "1"},
        "headers": {"X-A": ["1", "2"], "X-B": "3"},
        "sni": "s.test",
        "source": {"ip": "10.0.0.1", "port": 7},
        "destination": {"port": 8443},
        "consumer": None,
    }
    answer = node.client.post(PATH, body)
    assert (answer.status, answer.json) == (200, {"route": None, "consumer": None})
    request = {
        **body,
        "query": {"q": ["1"]},
        "headers": {"X-A": ["1", "2"], "X-B": ["3"]},
        "source": ("10.0.0.1", 7),
        "destination": ("127.0.0.1", 8443),
    }
    del request["consumer"]
    assert node.explained == [(request, None, None)]
    assert node.client.post(PATH, {"query": "a=1"}).status == 200
    assert node.explained[-1] == ({"query": "a=1"}, None, None)
    assert node.client.post(PATH).status == 200


def test_a_consumer_is_found() -> None:
    """By id or username, as text or in an object, with the plugin that tells it."""
    node = AdminNode()
    made = node.client.post("/consumers", {"username": "bob"}).json
    id = made["id"]
    forms: list[Any] = ["bob", id, {"username": "bob"}, {"id": id, "plugin": "my-auth"}]
    for form in forms:
        answer = node.client.post(PATH, {"consumer": form})
        assert answer.json["consumer"] == {"id": id, "username": "bob"}
    assert [told[1:] for told in node.explained] == [(id, None)] * 3 + [(id, "my-auth")]


def test_it_needs_no_database() -> None:
    """While it is away, which is when one wants to know, what the node holds is explained all the same."""
    node = AdminNode()

    async def catch_up() -> None:
        raise DatabaseUnavailable("away")

    node.database.strategy.catch_up = catch_up  # type: ignore[method-assign]
    client = AdminClient(admin_site(node.parts, node.clock, AccessRules()))
    assert client.post("/consumers", {"username": "bob"}).status == 503
    assert client.post(PATH, {"path": "/x"}).status == 200


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"colour": 1}, "colour: unknown field"),
        ({"method": 1}, "method: expected a string that is not empty"),
        ({"host": ""}, "host: expected a string that is not empty"),
        ({"scheme": "tcp"}, "scheme: expected http or https"),
        ({"path": "x"}, "path: should start with /"),
        ({"query": 1}, "query: expected an object of strings or lists of strings"),
        ({"headers": {"a": 1}}, "headers.a: expected a string or a list of strings"),
        ({"source": "10.0.0.1"}, "source: expected an object with ip and port"),
        ({"source": {"port": -1}}, "source.port: expected an integer from 0 to 65535"),
        ({"consumer": 1}, "consumer: expected an id, a username, or an object with one of them"),
        ({"consumer": {}}, "consumer: expected an id or a username"),
        ({"consumer": {"id": "x"}}, "consumer.id: expected a valid UUID"),
        ({"consumer": "nobody"}, "consumer: there is none with the username 'nobody'"),
        ({"path": "/refused"}, "no such request"),
    ],
)
def test_what_cannot_be_explained(body: dict[str, Any], text: str) -> None:
    """It is told what is wrong, and nobody is asked."""
    node = AdminNode()
    answer = node.client.post(PATH, body)
    assert (answer.status, answer.json) == (400, {"message": text})
    assert node.explained == []
