"""key-auth lets in, refuses and tells the Service as Kong 3.9.1 was seen to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail

from tests.kit.deferreds import no_result, success_of
from tests.kit.pdk import MemoryCache, MemoryDao, a_context, sent_headers
from tests.kit.plugins import PluginStage, headers_of, message_of
from twisted_kong.core.cache import MISS
from twisted_kong.core.context import BodyTooLarge

BOB = {"id": "11111111-1111-4111-8111-111111111111", "username": "bob", "custom_id": "c1"}
ANON = {"id": "22222222-2222-4222-8222-222222222222", "username": "anon", "custom_id": None}
KEYS = [
    {"id": "cred-1", "key": "k1", "consumer": {"id": BOB["id"]}},
    {"id": "cred-2", "key": "k\u00e9", "consumer": {"id": BOB["id"]}},
    {"id": "cred-3", "key": "orphan", "consumer": {"id": "33333333-3333-4333-8333-333333333333"}},
]
FORM = "application/x-www-form-urlencoded"


def stage(**config: Any) -> PluginStage:
    return PluginStage({"key-auth": config}, consumers=[BOB, ANON], keyauth_credentials=KEYS)


@pytest.mark.parametrize(
    ("target", "headers", "message"),
    [
        ("/ka", {}, "No API key found in request"),
        ("/ka?apikey=bad", {}, "Unauthorized"),
        ("/ka", [("apikey", "k1"), ("apikey", "k2")], "Duplicate API key found"),
        ("/ka?apikey=k1&apikey=k2", {}, "Duplicate API key found"),
        ("/ka?apikey=", {}, "No API key found in request"),
        ("/ka?apikey", {}, "No API key found in request"),
    ],
)
def test_refusals(target: str, headers: Any, message: str) -> None:
    """401 with the reason and the challenge, on the first request and from the cache."""
    node = stage()
    for _ in range(2):
        answer = node.access(a_context(target, headers=headers))
        assert message_of(answer) == (401, message)
        assert answer is not None
        assert headers_of(answer)["www-authenticate"] == "Key"


def test_realm() -> None:
    """The challenge names it."""
    answer = stage(realm="myrealm").access(a_context())
    assert answer is not None
    assert headers_of(answer)["www-authenticate"] == 'Key realm="myrealm"'


@pytest.mark.parametrize(
    ("target", "headers", "identifier"),
    [
        ("/ka?apikey=k1&z=1", {}, "cred-1"),
        ("/ka", {"ApiKey": "k1"}, "cred-1"),
        ("/ka", {"apikey": "k\xc3\xa9"}, "cred-2"),
        ("/ka?apikey=k%C3%A9", {}, "cred-2"),
        ("/ka?apikey=bad", {"apikey": "k1"}, "cred-1"),
    ],
)
def test_known_keys(target: str, headers: dict[str, str], identifier: str) -> None:
    """The Consumer is told to the Service, at first and from the cache; nothing of the client's remains."""
    node = stage()
    for _ in range(2):
        context = a_context(target, headers=headers | {"X-Consumer-Username": "spoof"})
        assert node.access(context) is None
        assert context.consumer is BOB
        assert sent_headers(context) == {
            "x-consumer-id": BOB["id"],
            "x-consumer-custom-id": "c1",
            "x-consumer-username": "bob",
            "x-credential-identifier": identifier,
            "x-anonymous-consumer": None,
        }


def test_places_may_be_closed() -> None:
    """Neither header nor query is looked at where the configuration says so."""
    assert stage(key_in_query=False).access(a_context("/?apikey=k1")) is not None
    assert stage(key_in_header=False).access(a_context(headers={"apikey": "k1"})) is not None


def test_hiding_in_header_and_query() -> None:
    """The Service does not get the key; the rest of the query stays."""
    node = stage(hide_credentials=True, key_names=["apikey", "x-k"])
    for _ in range(2):
        context = a_context("/?x-k=k1&q=2")
        assert node.access(context) is None
        assert context.upstream is not None
        assert context.upstream.query == b"q=2"
        context = a_context(headers={"apikey": "k1"})
        assert node.access(context) is None
        assert sent_headers(context)["apikey"] is None


def test_hiding_leaves_no_copy() -> None:
    """The Service is not told by a key sent twice, nor by another spelling of the header."""
    node = stage(hide_credentials=True, key_names=["api_key"])
    context = a_context("/?api_key=k1&q=2", headers={"API-Key": "k1"})
    assert node.access(context) is None
    assert context.upstream is not None
    assert context.upstream.query == b"q=2"
    assert sent_headers(context)["api-key"] is None


@pytest.mark.parametrize("target", ["/", "/?apikey=%ff%fe"])
def test_a_key_that_is_no_text_is_unknown(target: str) -> None:
    """Whatever bytes clients send, no store is asked for what it cannot hold, and nothing fails."""
    headers = {} if "?" in target else {"apikey": "\xff\xfe"}
    assert message_of(stage().access(a_context(target, headers=headers))) == (401, "Unauthorized")
    context = a_context(target, headers=headers)
    assert stage(anonymous="anon").access(context) is None
    assert context.consumer is ANON


def test_half_a_surrogate_in_a_body_is_unknown() -> None:
    """JSON can spell what is no text."""
    body = b'{"apikey":"\\ud800"}'
    context = a_context(method="POST", headers={"Content-Type": "application/json"}, body=body)
    assert message_of(stage(key_in_body=True).access(context)) == (401, "Unauthorized")


@pytest.mark.parametrize(
    ("kind", "body", "sent"),
    [
        (FORM, b"apikey=k1&b=2", b"b=2"),
        ("application/json", b'{"apikey": "k1", "b": 2}', b'{"b":2}'),
        (
            "multipart/form-data; boundary=X",
            b'--X\r\nContent-Disposition: form-data; name="apikey"\r\n\r\nk1\r\n--X--\r\n',
            b"--X--\r\n",
        ),
    ],
)
def test_hiding_in_the_body(kind: str, body: bytes, sent: bytes) -> None:
    """A key in the body is found there and taken out of it."""
    context = a_context(method="POST", headers={"Content-Type": kind}, body=body)
    assert stage(hide_credentials=True, key_in_body=True).access(context) is None
    assert context.upstream is not None
    assert context.upstream.body == sent


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("text/plain", b"zz", "No API key found in request"),
        ("application/json", b"[1]", "No API key found in request"),
        ("application/json", b"{", "No API key found in request"),
        (FORM, b"apikey=a&apikey=b", "Duplicate API key found"),
    ],
)
def test_bodies_without_a_key(kind: str, body: bytes, message: str) -> None:
    """A body that holds none, or is no table, is as good as no key."""
    context = a_context(method="POST", headers={"Content-Type": kind}, body=body)
    assert message_of(stage(key_in_body=True).access(context)) == (401, message)


def test_a_body_too_long_to_look_into() -> None:
    """It holds no key; that is no failure of ours."""
    context = a_context(method="POST", headers={"Content-Type": FORM}, body=fail(BodyTooLarge()))
    answer = stage(key_in_body=True).access(context)
    assert message_of(answer) == (401, "No API key found in request")


def test_header_before_body() -> None:
    """With the body allowed, header and query still come first, and the body is not waited for."""
    context = a_context(headers={"apikey": "k1"}, body=Deferred())
    assert stage(key_in_body=True, hide_credentials=True).access(context) is None
    assert context.consumer is BOB


@pytest.mark.parametrize("anonymous", [ANON["id"], "anon"])
def test_anonymous(anonymous: str) -> None:
    """Without a good key the anonymous Consumer, by id or name, is let in and the Service told so."""
    for target in ("/kan", "/kan?apikey=bad", "/kan?apikey=a&apikey=b"):
        node = stage(anonymous=anonymous)
        for _ in range(2):
            context = a_context(target)
            assert node.access(context) is None
            assert (context.consumer, context.credential) == (ANON, None)
            assert sent_headers(context)["x-anonymous-consumer"] == "true"
            assert sent_headers(context)["x-consumer-username"] == "anon"
    context = a_context("/kan?apikey=k1")
    assert stage(anonymous=anonymous).access(context) is None
    assert context.consumer is BOB


def test_anonymous_that_is_not_there() -> None:
    """It is an error of the configuration: 500, and a line in the log."""
    node = stage(anonymous="44444444-4444-4444-8444-444444444444")
    assert message_of(node.access(a_context())) == (500, "An unexpected error occurred")
    assert "anonymous consumer" in node.lines[0]


def test_another_plugin_was_enough() -> None:
    """With an anonymous Consumer, a request that was let in before is not asked again."""
    context = a_context()
    context.credential = {"id": "other"}
    assert stage(anonymous="anon").access(context) is None
    assert context.consumer is None


def test_a_key_without_its_consumer() -> None:
    """A credential whose Consumer is gone is an error, not an entrance."""
    node = stage()
    for _ in range(2):
        assert message_of(node.access(a_context(headers={"apikey": "orphan"})))[0] == 500


def test_preflight() -> None:
    """OPTIONS is asked for a key unless the configuration spares it."""
    assert stage().access(a_context(method="OPTIONS")) is not None
    assert stage(run_on_preflight=False).access(a_context(method="OPTIONS")) is None


def test_html() -> None:
    """The refusal takes the form that the client accepts."""
    answer = stage().access(a_context(headers={"Accept": "text/html"}))
    assert answer is not None
    assert b"<p>No API key found in request.</p>" in answer.body


def test_reading_is_waited_for_once() -> None:
    """The database is asked for the first request only, under Kong's cache keys."""
    node = stage()
    dao = node.gateway.database["keyauth_credentials"]
    assert isinstance(dao, MemoryDao)
    dao.gate = Deferred()
    context = a_context(headers={"apikey": "k1"})
    waiting = node.phases.access(context)
    assert isinstance(waiting, Deferred)
    no_result(waiting)
    dao.gate.callback(None)
    assert success_of(waiting) is None
    assert node.phases.access(a_context(headers={"apikey": "k1"})) is None
    assert message_of(node.access(a_context(headers={"apikey": "bad"})))[0] == 401
    cache = node.gateway.cache
    assert isinstance(cache, MemoryCache)
    assert cache.loads == [
        "keyauth_credentials:k1:::::ws",
        f"consumers:{BOB['id']}:::::ws",
        "keyauth_credentials:bad:::::ws",
    ]
    assert cache.values["keyauth_credentials:bad:::::ws"] is MISS


def test_a_removed_key_is_refused_at_once() -> None:
    """When the cache forgets a key, so does the plugin."""
    node = stage()
    assert node.access(a_context(headers={"apikey": "k1"})) is None
    dao = node.gateway.database["keyauth_credentials"]
    dao.rows = []
    node.gateway.cache.invalidate("keyauth_credentials:k1:::::ws")
    assert message_of(node.access(a_context(headers={"apikey": "k1"}))) == (401, "Unauthorized")


def test_answers_are_json() -> None:
    """The body holds message and id and nothing else."""
    answer = stage().access(a_context())
    assert answer is not None
    assert set(json.loads(answer.body)) == {"message", "request_id"}


def test_who_was_let_in_is_judged_anew_after_every_change() -> None:
    """A key that is handed to another Consumer, or a Consumer that changes, is never served as it was."""
    keys = [KEYS[0]]
    consumers = [BOB, ANON]
    node = PluginStage({"key-auth": {}}, consumers=consumers, keyauth_credentials=keys)

    def asked() -> Any:
        context = a_context(headers={"apikey": "k1"})
        return message_of(answer) if (answer := node.access(context)) else context.consumer

    for _ in range(3):
        assert asked() is BOB
    keys[0] = KEYS[0] | {"consumer": {"id": ANON["id"]}}
    node.gateway.cache.invalidate("keyauth_credentials:k1:::::ws")
    for _ in range(3):
        assert asked() is ANON
    renamed = consumers[1] = ANON | {"username": "ann"}
    node.gateway.cache.invalidate(f"consumers:{ANON['id']}:::::ws")
    for _ in range(3):
        assert asked() is renamed
    keys.clear()
    node.gateway.cache.invalidate("keyauth_credentials:k1:::::ws")
    for _ in range(3):
        assert asked() == (401, "Unauthorized")


def test_a_known_key_is_no_way_past_the_other_rules() -> None:
    """Neither a second key nor another header's nor a changed configuration lets a known key in."""
    node = stage(key_names=["apikey", "x_key"])
    for _ in range(2):
        assert node.access(a_context(headers={"apikey": "k1"})) is None
    assert message_of(node.access(a_context(headers=[("apikey", "k1"), ("apikey", "k1")])))[0] == 401
    assert message_of(node.access(a_context(headers={"other": "k1"})))[0] == 401
    node.put("key-auth", {"key_names": ["x-new"]})
    assert message_of(node.access(a_context(headers={"apikey": "k1"})))[0] == 401


def test_a_changed_consumer_is_told_at_once() -> None:
    """What was made ready for a key is held against what the cache has now, credential and Consumer."""
    node = stage()
    for _ in range(2):
        assert node.access(a_context(headers={"apikey": "k1"})) is None
    cache = node.gateway.cache
    assert isinstance(cache, MemoryCache)
    changed = BOB | {"username": "robert"}
    cache.values[f"consumers:{BOB['id']}:::::ws"] = changed
    context = a_context(headers={"apikey": "k1"})
    assert node.access(context) is None
    assert context.consumer is changed
    assert sent_headers(context)["x-consumer-username"] == "robert"
    cache.values["keyauth_credentials:k1:::::ws"] = MISS
    assert message_of(node.access(a_context(headers={"apikey": "k1"})))[0] == 401


def test_edits_of_earlier_plugins_stay() -> None:
    """Where the request was changed before, the Consumer's headers come on top of it."""
    node = stage()
    for _ in range(2):
        context = a_context(headers={"apikey": "k1"})
        assert context.upstream is not None
        context.upstream.change_headers().set(b"X-Earlier", b"1")
        assert node.access(context) is None
        assert sent_headers(context)["x-earlier"] == "1"
        assert sent_headers(context)["x-consumer-username"] == "bob"
