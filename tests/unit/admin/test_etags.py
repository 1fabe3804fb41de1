from __future__ import annotations

import pytest

from tests.kit.admin_node import AdminNode
from twisted_kong.admin.etags import Conditions, Tags, conditions_in, etag_of
from twisted_kong.admin.failures import Refused
from twisted_kong.core.errors import PreconditionFailed
from twisted_kong.core.schema.registry import build_schemas

CONSUMERS = build_schemas()["consumers"]
ALICE = {
    "id": "11111111-1111-4111-8111-111111111111",
    "created_at": 1,
    "updated_at": 1,
    "username": "alice",
    "custom_id": None,
    "tags": None,
}


@pytest.fixture
def node() -> AdminNode:
    """A node with one kind of credential, whose entities may expire."""
    return AdminNode("key-auth")


def test_a_tag_says_all_of_an_entity_and_nothing_of_its_order() -> None:
    """Two entities share a tag exactly when all their fields are equal, wherever those were written."""
    tag = etag_of(CONSUMERS, ALICE)
    assert etag_of(CONSUMERS, dict(reversed(ALICE.items()))) == tag
    assert {etag_of(CONSUMERS, {**ALICE, name: "x"}) for name in ALICE}.isdisjoint({tag})
    assert etag_of(CONSUMERS, {**ALICE, "ttl": 5}) == tag
    assert (tag[0], tag[-1], len(tag)) == ('"', '"', 26)


def test_no_kind_has_a_field_that_is_taken_for_the_rest_of_a_life(node: AdminNode) -> None:
    """What is shown as ``ttl`` never stands for something that was written."""
    assert all("ttl" not in schema.fields for schema in node.schemas.values())


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ('"a"', {'"a"'}),
        ('"a","b" , W/"c"', {'"a"', '"b"', 'W/"c"'}),
        ('""', {'""'}),
        (', "a,b",,', {'"a,b"'}),
    ],
)
def test_lists_of_tags(text: str, tags: set[str]) -> None:
    """A list may be spaced as one likes, and a tag may hold a comma."""
    assert conditions_in([text], []) == Conditions(Tags(tags=frozenset(tags)))


def test_the_lines_of_a_header_are_one_list() -> None:
    """RFC 9110 §5.3: what is sent in two lines counts as if it was sent in one."""
    conditions = conditions_in([], ['"a"', '"b"'])
    assert conditions == Conditions(None, Tags(tags=frozenset({'"a"', '"b"'})))


@pytest.mark.parametrize("text", ["abc", '"a', "W/a", '*, "a"', '"a" b', ""])
def test_what_is_no_list_is_refused(text: str) -> None:
    """A condition that cannot be read must not be taken for none."""
    with pytest.raises(Refused, match="must be \\* or a list of entity tags"):
        conditions_in([text], [])


def test_no_header_is_no_condition() -> None:
    """Without one of the headers nothing is asked."""
    assert conditions_in([], []) is None


def test_if_match_compares_strongly_and_if_none_match_weakly() -> None:
    """RFC 9110 §13.1.1 and §13.1.2: a weak tag names what looks alike, which is not enough to write over."""
    weak = Tags(tags=frozenset({'W/"a"'}))
    assert not weak.match('"a"')
    assert weak.match('"a"', weakly=True)
    assert Tags(any=True).match('"a"')
    assert not Tags(any=True).match(None)


def test_a_condition_on_nothing_fails_without_a_tag() -> None:
    """``If-Match: *`` wants something to be there."""
    conditions = Conditions(Tags(any=True))
    with pytest.raises(PreconditionFailed, match="no such entity") as raised:
        conditions.check(None)
    assert raised.value.etag is None
    conditions.check(ALICE)


def test_every_answer_that_is_one_entity_is_tagged(node: AdminNode) -> None:
    """GET, POST, PUT and PATCH tell the same tag for the same entity; lists and deletions none."""
    made = node.client.post("/consumers", {"username": "alice"})
    tag = made.header("ETag")
    assert tag == node.client.get("/consumers/alice").header("ETag")
    changed = node.client.patch("/consumers/alice", {"custom_id": "a"})
    assert changed.header("ETag") == node.client.get("/consumers/alice").header("ETag") != tag
    put = node.client.put("/consumers/bob", {"custom_id": "b"})
    assert put.header("ETag") == node.client.get("/consumers/bob").header("ETag")
    assert node.client.get("/consumers").header("ETag") is None
    assert node.client.delete("/consumers/bob").header("ETag") is None


def test_an_entity_is_tagged_alike_by_whichever_path(node: AdminNode) -> None:
    """Below its parent, as the parent of its child, by id or by name: the tag is the entity's."""
    consumer = node.create("/consumers", {"username": "alice"})
    key = node.create("/consumers/alice/key-auth", {"key": "k"})
    own = node.client.get(f"/key-auths/{key['id']}").header("ETag")
    assert node.client.get(f"/consumers/alice/key-auth/{key['id']}").header("ETag") == own
    parent = node.client.get(f"/key-auths/{key['id']}/consumer").header("ETag")
    assert parent == node.client.get(f"/consumers/{consumer['id']}").header("ETag")
    node.create("/upstreams", {"name": "u"})
    made = node.client.post("/upstreams/u/targets", {"target": "127.0.0.1:80"})
    for key in ("127.0.0.1:80", made.json["id"]):
        assert node.client.get(f"/upstreams/u/targets/{key}").header("ETag") == made.header("ETag")


def test_the_tag_does_not_age(node: AdminNode) -> None:
    """The rest of a life runs down without the tag changing, and a write on it is still accepted."""
    node.create("/consumers", {"username": "alice"})
    made = node.client.post("/consumers/alice/key-auth", {"key": "k", "ttl": 100})
    node.clock.advance(7)
    path = f"/key-auths/{made.json['id']}"
    seen = node.client.get(path)
    assert (made.json["ttl"], seen.json["ttl"]) == (100, 93)
    assert seen.header("ETag") == made.header("ETag")
    answer = node.client.patch(path, {"tags": ["x"]}, headers={"If-Match": made.header("ETag") or ""})
    assert answer.status == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_write_on_an_old_tag_is_refused(node: AdminNode, method: str) -> None:
    """Whoever would overwrite what he has not seen is told the tag of what is there; nothing is written."""
    old = node.client.post("/consumers", {"username": "alice"}).header("ETag") or ""
    new = node.client.patch("/consumers/alice", {"custom_id": "a"}).header("ETag") or ""
    before = len(node.applied)
    refused = node.client.request(method, "/consumers/alice", json={}, headers={"If-Match": old})
    assert (refused.status, refused.header("ETag")) == (412, new)
    assert refused.json == {
        "code": 412,
        "name": "precondition failed",
        "message": "If-Match: the entity has been changed meanwhile",
        "etag": new,
    }
    assert len(node.applied) == before
    allowed = node.client.request(
        method, "/consumers/alice", json={"tags": ["x"]}, headers={"If-Match": f'"other", {new}'}
    )
    assert allowed.status in (200, 204)


def test_if_match_wants_something_to_be_there(node: AdminNode) -> None:
    """A PUT or DELETE that would be content without the entity is refused; what is 404 anyway stays 404."""
    conditional = {"If-Match": "*"}
    assert node.client.put("/consumers/alice", {}, headers=conditional).status == 412
    assert node.client.delete("/consumers/alice", headers=conditional).status == 412
    assert node.client.patch("/consumers/alice", {}, headers=conditional).status == 404
    assert node.client.get("/consumers").json["data"] == []


def test_if_none_match_only_makes_entities(node: AdminNode) -> None:
    """With ``If-None-Match: *`` nothing that is there is replaced, whether by PUT or by POST."""
    only_new = {"If-None-Match": "*"}
    assert node.client.put("/consumers/alice", {"custom_id": "a"}, headers=only_new).status == 200
    again = node.client.put("/consumers/alice", {"custom_id": "b"}, headers=only_new)
    assert (again.status, again.json["message"]) == (412, "If-None-Match: the entity is there already")
    posted = node.client.post("/consumers", {"username": "alice"}, headers=only_new)
    assert posted.status == 412
    assert "UNIQUE violation" in posted.json["message"]
    assert node.client.post("/consumers", {"username": "bob"}, headers=only_new).status == 201
    assert node.client.get("/consumers/alice").json["custom_id"] == "a"


def test_a_read_of_what_is_known_is_304(node: AdminNode) -> None:
    """GET and HEAD answer 304 without a body for a tag that still holds, weak or strong."""
    tag = node.client.post("/consumers", {"username": "alice"}).header("ETag") or ""
    for method in ("GET", "HEAD"):
        known = node.client.request(method, "/consumers/alice", headers={"If-None-Match": f"W/{tag}"})
        assert (known.status, known.body, known.header("ETag")) == (304, b"", tag)
    fresh = node.client.get("/consumers/alice", headers={"If-None-Match": '"other"'})
    assert fresh.status == 200
    assert node.client.get("/consumers/nobody", headers={"If-None-Match": "*"}).status == 404
    assert node.client.get("/consumers", headers={"If-None-Match": "*"}).status == 200


def test_if_match_comes_before_if_none_match(node: AdminNode) -> None:
    """RFC 9110 §13.2.2: a read that wants another entity is 412, though it knows this one."""
    tag = node.client.post("/consumers", {"username": "alice"}).header("ETag") or ""
    answer = node.client.get("/consumers/alice", headers={"If-Match": '"x"', "If-None-Match": tag})
    assert answer.status == 412


def test_a_condition_that_cannot_be_read_is_told(node: AdminNode) -> None:
    """400, and nothing is written."""
    node.create("/consumers", {"username": "alice"})
    answer = node.client.delete("/consumers/alice", headers={"If-Match": "abc"})
    assert answer.status == 400
    assert node.client.get("/consumers/alice").status == 200


def test_a_parent_that_is_made_is_not_asked_of_its_child(node: AdminNode) -> None:
    """The condition is on what the path names, not on the child that then refers to it."""
    route = node.create("/routes", {"paths": ["/x"]})
    made = node.client.put(
        f"/routes/{route['id']}/service", {"host": "example.com"}, headers={"If-None-Match": "*"}
    )
    assert made.status == 200
    service = node.client.get(f"/routes/{route['id']}/service")
    assert made.header("ETag") == service.header("ETag")


def test_pages_of_other_origins_may_see_the_tag_and_send_it(node: AdminNode) -> None:
    """A web interface elsewhere reads the tag of what it shows, and a preflight lets it name the tag."""
    origin = {"Origin": "http://localhost:8002"}
    made = node.client.post("/consumers", {"username": "alice"}, headers=origin)
    exposed = made.header("Access-Control-Expose-Headers") or ""
    assert exposed.startswith("ETag, X-Kong-Position, X-Kong-Applied")
    asked = {**origin, "Access-Control-Request-Headers": "if-match,content-type"}
    preflight = node.client.request("OPTIONS", "/consumers/alice", headers=asked)
    assert preflight.header("Access-Control-Allow-Headers") == "if-match,content-type"
    assert node.client.get("/consumers").header("Access-Control-Expose-Headers") is None
