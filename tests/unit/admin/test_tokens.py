from __future__ import annotations

from typing import Any

import pytest

from tests.kit.admin_client import Response
from tests.kit.admin_node import START, AdminNode
from tests.kit.logs import caught_warnings
from twisted_kong.admin.tokens import Caller, offered_token

ROOT = "a-token-of-kong.conf-with-32-chars"


@pytest.fixture
def node() -> AdminNode:
    """A node that asks for tokens."""
    return AdminNode("key-auth", admin_token=ROOT)


def as_root(node: AdminNode, method: str, path: str, json: Any = None) -> Response:
    """A request of whoever may do everything."""
    return node.client.request(method, path, json=json, headers={"Kong-Admin-Token": ROOT})


def made(node: AdminNode, **roles: str) -> str:
    """A new token with roles; ``every`` stands for ``*``."""
    record = {
        "name": "ci",
        "roles": {"*" if kind == "every" else kind: right for kind, right in roles.items()},
    }
    answer = as_root(node, "POST", "/admin-tokens", record)
    assert answer.status == 201, answer.body
    return str(answer.json["token"])


def ask(node: AdminNode, token: str, method: str, path: str, json: Any = None) -> Response:
    """A request with a token."""
    return node.client.request(method, path, json=json, headers={"Kong-Admin-Token": token})


def test_the_body_of_a_stranger_is_not_kept(node: AdminNode) -> None:
    """Who has no token cannot fill the memory of a node; whose token is good has his body read."""
    kept = []
    for token in ("no-good-token-of-32-characters-xx", ROOT):
        _, protocol = node.client.connect()
        fields = f"Host: localhost\r\nKong-Admin-Token: {token}\r\nContent-Length: 100000\r\n\r\n"
        protocol.dataReceived(b"POST /services HTTP/1.1\r\n" + fields.encode() + b"x" * 50_000)
        kept.append(protocol._channel._request.kept)
    assert kept == [0, 50_000]


def test_the_body_of_who_may_not_write_is_not_looked_into(node: AdminNode) -> None:
    """To decode it takes time, and what is wrong with it is nothing that he needs to know."""
    headers = {"Kong-Admin-Token": made(node, services="read"), "Content-Type": "application/json"}
    answer = node.client.request("POST", "/services", raw="{", headers=headers)
    assert answer.status == 403


def test_a_stranger_is_told_of_once(node: AdminNode) -> None:
    """Whether a body comes or not, a token that is no good is one line of the log."""
    with caught_warnings() as lines:
        answer = node.client.request("POST", "/services", json={}, headers={"Kong-Admin-Token": "x"})
    assert answer.status == 401
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("header", "authorization", "expected"),
    [
        (None, None, None),
        ("x", None, "x"),
        (" x ", "Bearer y", "x"),
        (None, "Bearer y", "y"),
        (None, "bearer  y ", "y"),
        (None, "Basic eTp5", None),
        (None, "Bearer", ""),
        ("", None, ""),
    ],
)
def test_where_a_token_comes_from(
    header: str | None, authorization: str | None, expected: str | None
) -> None:
    """Our own header counts more than the one that a proxy on the way may have a use for."""
    assert offered_token(header, authorization) == expected


def test_how_callers_are_named() -> None:
    """By all that is known of them; a token cannot pass for a certificate."""
    assert Caller("10.0.0.1").author == "10.0.0.1"
    assert Caller("10.0.0.1", "ci").author == "10.0.0.1 (token ci)"
    assert Caller("10.0.0.1", None, "alice").author == "10.0.0.1 (certificate alice)"
    assert Caller("10.0.0.1", "ci", "alice").author == "10.0.0.1 (token ci, certificate alice)"
    assert Caller("::1", subject="O=Acme,C=DE").author == "::1 (certificate O=Acme,C=DE)"


def test_no_certificate_makes_a_name_look_like_more() -> None:
    """Whoever may ask an authority for a certificate must not write into the log in another's name."""
    assert Caller("::1", subject="a), token root").author == "::1 (certificate a?? token root)"
    assert Caller("::1", subject="a, token root").author == "::1 (certificate a? token root)"
    assert Caller("::1", subject="a\n[error] b").author == "::1 (certificate a?[error] b)"


def test_no_cache_keeps_an_answer_that_took_a_token(node: AdminNode) -> None:
    """It would give it to whoever asks next: it does not know that the header with the token matters."""
    assert as_root(node, "GET", "/services").header("Cache-Control") == "no-store"
    assert node.client.get("/services").header("Cache-Control") == "no-store"
    assert AdminNode("key-auth").client.get("/services").header("Cache-Control") is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Kong-Admin-Token": ""},
        {"Kong-Admin-Token": "nonsense"},
        {"Kong-Admin-Token": ROOT[:-1]},
        {"Kong-Admin-Token": "kat_" + "a" * 44},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Basic {ROOT}"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/services", "/no-such-path", "/status"])
def test_nobody_comes_in_without_a_good_token(node: AdminNode, headers: dict[str, str], path: str) -> None:
    """The same 401 whatever is wrong with the token, also where there is nothing to be had."""
    answer = node.client.get(path, headers=headers)
    assert (answer.status, answer.header("WWW-Authenticate")) == (401, "Bearer")
    assert answer.json == {"message": "a valid token is needed: send it as 'Kong-Admin-Token'"}


def test_a_token_opens_by_either_header(node: AdminNode) -> None:
    """Clients that know Bearer tokens only are served too."""
    token = made(node, services="read")
    assert ask(node, token, "GET", "/services").status == 200
    assert node.client.get("/services", headers={"Authorization": f"Bearer {token}"}).status == 200


def test_a_browser_may_ask_what_it_may_send(node: AdminNode) -> None:
    """A preflight has no token; any other OPTIONS needs one."""
    origin = {"Origin": "http://localhost:8002"}
    asked = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "kong-admin-token,if-match",
    }
    preflight = node.client.request("OPTIONS", "/services", headers={**origin, **asked})
    assert preflight.status == 204
    assert preflight.header("Access-Control-Allow-Headers") == "kong-admin-token,if-match"
    assert node.client.request("OPTIONS", "/services", headers=origin).status == 401


def test_a_page_that_may_use_the_api_sees_that_it_needs_a_token(node: AdminNode) -> None:
    """A 401 without the CORS headers would be an unexplained failure to a web interface."""
    answer = node.client.get("/services", headers={"Origin": "http://localhost:8002"})
    assert answer.status == 401
    assert answer.header("Access-Control-Allow-Origin") == "http://localhost:8002"


def test_roles_decide(node: AdminNode) -> None:
    """What the role does not allow is 403 with what it would take, and nothing is written."""
    token = made(node, services="read", consumers="write")
    assert ask(node, token, "GET", "/services").status == 200
    refused = ask(node, token, "POST", "/services", {"host": "example.com"})
    assert refused.status == 403
    assert refused.json == {"message": "the roles of this token do not allow to write services"}
    assert ask(node, token, "POST", "/consumers", {"username": "alice"}).status == 201
    assert ask(node, token, "GET", "/routes").status == 403
    assert ask(node, token, "POST", "/consumers/alice/key-auth", {"key": "k"}).status == 403
    assert ask(node, token, "DELETE", "/cache").status == 403
    assert ask(node, token, "GET", "/status").status == 200
    assert as_root(node, "GET", "/services").json["data"] == []


def test_a_reader_of_all_writes_nothing(node: AdminNode) -> None:
    """``*: read`` sees everything, and a dry run is a write too, for it tells what would happen."""
    token = made(node, every="read")
    for path in ("/services", "/admin-tokens", "/cache", "/tags"):
        assert ask(node, token, "GET", path).status == 200
    for path in ("/services", "/services?dry_run=1"):
        assert ask(node, token, "POST", path, {"host": "example.com"}).status == 403


def test_a_token_cannot_raise_its_own_rights(node: AdminNode) -> None:
    """Tokens are written by who may write everything, whatever else a token may do."""
    token = made(node, services="write", admin_tokens="read")
    for method, path in (
        ("POST", "/admin-tokens"),
        ("PATCH", "/admin-tokens/ci"),
        ("PUT", "/admin-tokens/ci"),
        ("DELETE", "/admin-tokens/ci"),
        ("POST", "/admin-tokens/ci/rotate"),
    ):
        assert ask(node, token, method, path, {"roles": {"*": "write"}}).status == 403
    assert ask(node, token, "GET", "/admin-tokens/ci").json["roles"] == {
        "services": "write",
        "admin_tokens": "read",
    }
    root = made_root(node)
    assert ask(node, root, "PATCH", "/admin-tokens/ci", {"roles": {"*": "read"}}).status == 200


def made_root(node: AdminNode) -> str:
    """A token of the database that may do everything."""
    return str(
        as_root(node, "POST", "/admin-tokens", {"name": "root", "roles": {"*": "write"}}).json["token"]
    )


def test_each_operation_of_a_batch_is_judged_by_itself(node: AdminNode) -> None:
    """One that is not allowed refuses all; nobody comes by a batch to what he may not do."""
    token = made(node, services="write")
    service = {"method": "POST", "path": "/services", "body": {"name": "s", "host": "example.com"}}
    route = {"method": "POST", "path": "/routes", "body": {"paths": ["/x"]}}
    refused = ask(node, token, "POST", "/batch", {"operations": [service, route]})
    assert refused.status == 403
    assert ask(node, token, "GET", "/services").json["data"] == []
    assert ask(node, token, "POST", "/batch", {"operations": [service]}).status == 200
    tried = ask(node, token, "POST", "/batch?dry_run=1", {"operations": [route]})
    assert tried.status == 403
    escalation = {"method": "PATCH", "path": "/admin-tokens/ci", "body": {"roles": {"*": "write"}}}
    assert ask(node, token, "POST", "/batch", {"operations": [escalation]}).status == 403


def test_a_token_ends_when_it_says(node: AdminNode) -> None:
    """At the second that ``expires_at`` names it is good for nothing any more."""
    record = {"name": "t", "roles": {"services": "read"}, "expires_at": int(START) + 60}
    token = as_root(node, "POST", "/admin-tokens", record).json["token"]
    node.clock.advance(59)
    assert ask(node, token, "GET", "/services").status == 200
    node.clock.advance(1)
    assert ask(node, token, "GET", "/services").status == 401


def test_a_rotated_or_revoked_token_is_refused_at_once(node: AdminNode) -> None:
    """The answer to the change is given when it is."""
    old = made(node, services="read")
    new = as_root(node, "POST", "/admin-tokens/ci/rotate").json["token"]
    assert ask(node, old, "GET", "/services").status == 401
    assert ask(node, new, "GET", "/services").status == 200
    assert as_root(node, "DELETE", "/admin-tokens/ci").status == 204
    assert ask(node, new, "GET", "/services").status == 401


def test_writes_are_told_of_with_the_name_of_the_token(node: AdminNode) -> None:
    """The log of changes says who it was."""
    token = made(node, services="write")
    ask(node, token, "POST", "/services", {"host": "example.com"})
    changes = as_root(node, "GET", "/cluster/changes").json["data"]
    authors = [change["author"] for change in changes if change["author"] is not None]
    assert authors == ["127.0.0.1 (token of kong.conf)", "127.0.0.1 (token ci)"]


def test_who_is_refused_is_logged_without_his_token(node: AdminNode) -> None:
    """Failed logins and refused writes are what an operator looks for."""
    token = made(node, services="read")
    guess = "kat_" + "x" * 44
    with caught_warnings() as lines:
        ask(node, guess, "GET", "/services")
        ask(node, token, "DELETE", "/services/x")
        node.client.get("/services")
    assert lines == [
        "Admin API: a token that is not good came from 127.0.0.1",
        "Admin API: DELETE /services/{services} was refused to 127.0.0.1 (token ci),"
        " who may not write services",
    ]


def test_nothing_ever_shows_what_is_kept_of_a_token(node: AdminNode) -> None:
    """Neither its hash nor, after the first answer, the token itself is in any answer."""
    token = made(node, every="write")
    answers = [
        as_root(node, "GET", "/admin-tokens"),
        as_root(node, "GET", "/admin-tokens/ci"),
        as_root(node, "PATCH", "/admin-tokens/ci", {"tags": ["x"]}),
        as_root(node, "PUT", "/admin-tokens/ci", {"roles": {"*": "read"}}),
        as_root(node, "PATCH", "/admin-tokens/ci?dry_run=1", {"tags": ["y"]}),
        as_root(node, "DELETE", "/admin-tokens/ci?dry_run=1"),
        as_root(node, "GET", "/cluster/changes"),
        as_root(node, "GET", "/tags"),
        as_root(node, "GET", "/cache"),
        as_root(node, "GET", "/schemas/admin_tokens"),
    ]
    rows = node.tokens.rows["admin_tokens"].values()
    (row,) = [row for row in rows if row["name"] == "ci"]
    for answer in answers:
        assert answer.status in (200, 204)
        assert row["token_hash"].encode() not in answer.body
        assert b"token_hash" not in answer.body
        assert token.encode() not in answer.body


def test_guesses_do_not_reach_the_store(node: AdminNode) -> None:
    """However many tokens are tried, the database is never asked."""

    async def fail(*arguments: object) -> None:
        raise AssertionError("the store was asked")

    node.database.strategy.select = fail  # type: ignore[method-assign]
    node.database.strategy.select_by = fail  # type: ignore[method-assign]
    node.database.strategy.page = fail  # type: ignore[method-assign]
    for number in range(20):
        assert ask(node, f"kat_{number:044d}", "GET", "/services").status == 401
