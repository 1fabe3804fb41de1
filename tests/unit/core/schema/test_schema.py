from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kit.recorded_writes import FILES, recorded_writes
from tests.kit.reference import reference_plugin_definitions
from tests.kit.write_context import NOW, numbered_uuid, write_context
from twisted_kong.core.errors import EntityError, InvalidPrimaryKey, InvalidUnique, SchemaViolation
from twisted_kong.core.schema.registry import build_schemas
from twisted_kong.core.schema.schema import Foreign, Schema

SCHEMAS = build_schemas(reference_plugin_definitions())
SERVICE = numbered_uuid(77)

# Recorded writes that more than the schema decides: the data layer, or functions of plugins to come.
NOT_THE_SCHEMAS = {
    "routes-045": "a reference by name is resolved by the data layer",
    "plugins-017": "a reference by name is resolved by the data layer",
    "plugins-030": "the rate-limiting plugin may know fewer policies",
    "plugins-054": "a check of the oauth2 plugin",
    "plugins-065": "a check of the pre-function plugin",
    "plugins-070": "the session plugin makes its secret",
    "targets-034": "PUT of a Target is an update",
    "certificates-004": "server names are looked up first",
    "certificates-009": "server names are computed",
    "certificates-012": "server names are looked up first",
    "certificates-015": "server names are looked up first",
    "certificates-023": "server names are computed",
    "certificates-024": "server names are computed",
    "certificates-040": "a certificate is addressed by a server name",
    "certificates-044": "server names are computed",
    "cred_basic-003": "a function of the basic-auth plugin",
    "cred_basic-012": "a function of the basic-auth plugin",
    "cred_basic-016": "a function of the basic-auth plugin",
    "cred_basic-018": "a function of the basic-auth plugin",
    "cred_basic-024": "a function of the basic-auth plugin",
    "cred_basic-030": "a function of the basic-auth plugin",
    "cred_basic-039": "a function of the basic-auth plugin",
    "cred_oauth2-009": "a check of the oauth2 plugin",
    "cred_oauth2-010": "a check of the oauth2 plugin",
    "cred_oauth2-012": "a function of the oauth2 plugin",
}
WRITES = [write for write in recorded_writes() if write.key not in NOT_THE_SCHEMAS]
REFUSED = [write for write in WRITES if write.status == 400]
ACCEPTED = [write for write in WRITES if write.status != 400]


@pytest.mark.parametrize("file", FILES)
def test_what_kong_refused_is_refused_in_its_words(file: str) -> None:
    """Code, name, message and fields of each answer are those that a real Kong 3.9.1 gave."""
    for write in REFUSED:
        if write.file == file:
            with pytest.raises(SchemaViolation) as caught:
                write.process(SCHEMAS[write.entity])
            assert caught.value.body() == write.answer, write


@pytest.mark.parametrize("file", FILES)
def test_what_kong_accepted_becomes_what_kong_made_of_it(file: str) -> None:
    """Every field of each entity, default or normalised, is as a real Kong 3.9.1 showed it."""
    for write in ACCEPTED:
        if write.file == file:
            schema = SCHEMAS[write.entity]
            entity = write.process(schema)
            shown = None if entity is None else schema.present(entity)
            expected = {name: value for name, value in write.answer.items() if name != "ttl"}
            assert shown == (None if write.operation == "validate" else expected), write


def test_recordings_are_many() -> None:
    """The replay is not empty by accident."""
    assert len(REFUSED) > 200
    assert len(ACCEPTED) > 200


def make(kind: str, record: dict[str, Any]) -> dict[str, Any]:
    return SCHEMAS[kind].process_insert(record, write_context())


def change(kind: str, changes: dict[str, Any], current: dict[str, Any]) -> dict[str, Any]:
    return SCHEMAS[kind].process_update(changes, current, write_context(NOW + 100))


def refusal(kind: str, record: dict[str, Any]) -> Any:
    with pytest.raises(SchemaViolation) as caught:
        make(kind, record)
    return caught.value.fields


def test_a_schema_tells_what_the_rest_is_derived_from() -> None:
    """Keys, references, unique fields and the names of endpoints."""
    schema = SCHEMAS["keyauth_credentials"]
    assert schema.primary_key == ("id",)
    assert schema.endpoint_key == "key"
    assert schema.cache_key == ("key",)
    assert schema.unique == ("key",)
    assert schema.ttl
    assert schema.workspaceable
    assert schema.db_export
    assert (schema.admin_api_name, schema.admin_api_nested_name) == ("key-auths", "key-auth")
    assert schema.foreign == {"consumer": Foreign("consumers", "cascade", True)}
    assert SCHEMAS["routes"].foreign == {"service": Foreign("services", "restrict", False)}
    assert SCHEMAS["certificates"].transient == {"snis"}


def test_an_update_keeps_what_it_does_not_mention() -> None:
    """Times of creation too; the time of the update is new."""
    service = make("services", {"url": "http://a.test/x", "name": "s"})
    changed = change("services", {"host": "b.test"}, service)
    assert changed == {**service, "host": "b.test", "updated_at": int(NOW) + 100}
    assert service["host"] == "a.test"


def test_an_update_merges_records() -> None:
    """And keeps the members that it does not mention."""
    upstream = make("upstreams", {"name": "u", "healthchecks": {"active": {"timeout": 7}}})
    changed = change("upstreams", {"healthchecks": {"active": {"concurrency": 3}}}, upstream)
    assert changed["healthchecks"]["active"]["timeout"] == 7
    assert changed["healthchecks"]["active"]["concurrency"] == 3
    assert upstream["healthchecks"]["active"]["concurrency"] == 10


def test_an_update_to_null_resets() -> None:
    """To null, not to the default, so a required field cannot be."""
    service = make("services", {"host": "a.test", "retries": 7})
    assert change("services", {"retries": None}, service)["retries"] is None
    with pytest.raises(SchemaViolation) as caught:
        change("services", {"port": None}, service)
    assert caught.value.fields == {"port": "required field missing"}


def test_an_update_cannot_move_an_entity() -> None:
    """Its primary key stays, whatever the changes say."""
    service = make("services", {"host": "a.test"})
    assert change("services", {"id": SERVICE}, service)["id"] == service["id"]


def test_an_update_sees_no_time_to_live() -> None:
    """What is left of a row's life is shown beside its fields, and is none."""
    key = make("keyauth_credentials", {"key": "k", "consumer": {"id": SERVICE}})
    assert "ttl" not in change("keyauth_credentials", {"key": "l"}, {**key, "ttl": 5})


def test_an_upsert_is_a_full_document() -> None:
    """What it leaves out goes back to its default; of what was there only the primary key stays."""
    service = make("services", {"host": "a.test", "retries": 7})
    context = write_context(NOW + 100)
    replaced = SCHEMAS["services"].process_upsert({"host": "b.test", "id": SERVICE}, context, service)
    assert (replaced["id"], replaced["retries"], replaced["created_at"]) == (service["id"], 5, int(NOW) + 100)


def test_a_shorthand_is_never_stored() -> None:
    """What it stands for is, and no query or fragment with it."""
    service = make("services", {"url": "https://a.test/x?q#f"})
    assert "url" not in service
    assert (service["protocol"], service["host"], service["port"], service["path"]) == (
        "https",
        "a.test",
        443,
        "/x",
    )


def test_an_immutable_field_cannot_be_changed() -> None:
    """To send the value it has is no change."""
    definition = {
        "name": "fixed",
        "primary_key": ["id"],
        "fields": {
            "id": {"type": "string", "uuid": True, "auto": True},
            "a": {"type": "string", "immutable": True},
        },
    }
    schema = Schema(definition, {})
    entity = schema.process_insert({"a": "x"}, write_context())
    assert schema.process_update({"a": "x"}, entity, write_context()) == entity
    with pytest.raises(SchemaViolation) as caught:
        schema.process_update({"a": "y"}, entity, write_context())
    assert caught.value.fields == {"a": "immutable field cannot be updated"}


@pytest.mark.parametrize(
    ("protocols", "found"),
    [
        ([5], {"protocols": "unknown type: 5"}),
        ([["http"]], {"protocols": "unknown type: nil"}),
        (5, {"protocols": "expected a set"}),
        ("ws", {"protocols": "unknown type: ws"}),
        ("http", {"protocols": "expected a set"}),
        (None, {"protocols": "required field missing"}),
    ],
)
def test_a_route_goes_by_its_protocols(protocols: Any, found: dict[str, Any]) -> None:
    """Without a kind of Route to go by, nothing else is looked at."""
    assert refusal("routes", {"protocols": protocols, "paths": ["/"]}) == found


def test_the_first_protocol_that_is_known_decides() -> None:
    """A Route of gRPC strips no path, and that is its default."""
    assert make("routes", {"protocols": ["grpc", "grpcs"], "paths": ["/g"]})["strip_path"] is False


def test_a_plugins_name_is_a_text() -> None:
    """Kong crashes here."""
    assert refusal("plugins", {"name": 1}) == {"name": "expected a string"}


def test_a_changed_name_brings_other_fields() -> None:
    """What the other plugin is configured with is unknown to this one, defaults are supplied."""
    plugin = make("plugins", {"name": "correlation-id", "service": {"id": SERVICE}})
    changed = change("plugins", {"name": "key-auth", "config": {}}, {**plugin, "config": {}})
    assert changed["config"]["key_names"] == ["apikey"]


def test_deprecated_names_are_shown_and_can_be_sent_back() -> None:
    """A client that reads a row, changes the new name and sends both is told that they disagree."""
    plugin = make("plugins", {"name": "rate-limiting", "config": {"minute": 1, "redis_host": "a.test"}})
    assert "redis_host" not in plugin["config"]
    shown = SCHEMAS["plugins"].present(plugin)
    assert shown["config"]["redis_host"] == shown["config"]["redis"]["host"] == "a.test"
    assert "redis_host" not in plugin["config"]
    shown["config"]["redis"] = {**shown["config"]["redis"], "host": "b.test"}
    assert refusal("plugins", shown) == {
        "redis_host": (
            "both deprecated and new field are used but their values mismatch: "
            "redis_host = a.test vs redis.host = b.test"
        )
    }


def test_an_entity_without_old_names_is_shown_as_it_is() -> None:
    """Nothing is copied where nothing is added."""
    service = make("services", {"host": "a"})
    assert SCHEMAS["services"].present(service) is service


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("x", {"id": "expected a valid UUID"}),
        (5, {"id": "expected a string"}),
        ({}, {"id": "missing primary key"}),
        ({"id": None}, {"id": "required field missing"}),
        ({"id": SERVICE, "name": "x"}, {"name": "not a primary key"}),
    ],
)
def test_a_primary_key_is_judged(value: Any, found: dict[str, Any]) -> None:
    """The message shows what was found as a Lua table."""
    with pytest.raises(InvalidPrimaryKey) as caught:
        SCHEMAS["services"].validate_primary_key(value)
    assert caught.value.fields == found


def test_a_good_primary_key_passes() -> None:
    """Alone or as a mapping of its parts."""
    SCHEMAS["services"].validate_primary_key(SERVICE)
    SCHEMAS["services"].validate_primary_key({"id": SERVICE})


def test_the_message_of_a_bad_primary_key_is_kongs() -> None:
    """In the compact form of a Lua table."""
    with pytest.raises(InvalidPrimaryKey) as caught:
        SCHEMAS["services"].validate_primary_key("x")
    assert caught.value.message == """invalid primary key: '{id="expected a valid UUID"}'"""


@pytest.mark.parametrize(
    ("kind", "field", "value", "text"),
    [
        ("snis", "name", "a,b", "invalid value: a,b"),
        ("services", "name", None, "required field missing"),
        ("filter_chains", "route", {}, '{\n  id = "missing primary key"\n}'),
    ],
)
def test_a_unique_value_is_judged(kind: str, field: str, value: Any, text: str) -> None:
    """In the field's own words."""
    with pytest.raises(InvalidUnique) as caught:
        SCHEMAS[kind].validate_unique(field, value)
    assert (caught.value.field, caught.value.message) == (field, text)


def test_a_good_unique_value_passes() -> None:
    """Nothing is said of it."""
    SCHEMAS["snis"].validate_unique("name", "*.a.test")


def test_views_cannot_be_written() -> None:
    """Tags are what other entities carry."""
    text = "does not support insert/upsert/update/delete operations"
    assert refusal("tags", {}) == {"tags": text}
    assert SCHEMAS["tags"].read_only == text


def test_a_digest_is_made_when_its_certificate_is_given() -> None:
    """And kept when it is not."""
    write = next(w for w in ACCEPTED if w.entity == "ca_certificates" and w.operation == "insert")
    authority = write.process(SCHEMAS["ca_certificates"])
    assert authority is not None
    assert len(authority["cert_digest"]) == 64
    changed = change("ca_certificates", {"tags": ["a"]}, authority)
    assert changed["cert_digest"] == authority["cert_digest"]


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        ("services", {"url": "https://a.test/x"}),
        ("routes", {"paths": ["/"], "protocols": ["http"]}),
        ("upstreams", {"name": "up", "hash_on": "consumer"}),
        ("upstreams", {"name": "up", "algorithm": "latency"}),
        ("plugins", {"name": "rate-limiting", "config": {"minute": 5}}),
        ("plugins", {"name": "key-auth"}),
    ],
)
def test_completion(kind: str, record: dict[str, Any]) -> None:
    """A complete entity needs no completion; one that lacks fields gets their defaults, at any depth."""
    schema = SCHEMAS[kind]
    entity = schema.process_insert(record, write_context())
    assert schema.complete(entity, write_context(NOW + 1)) == entity
    older = {name: value for name, value in entity.items() if name not in ("tags", "enabled", "slots")}
    if kind == "plugins":
        older["config"] = {
            name: value for name, value in entity["config"].items() if name in record.get("config", ())
        }
    assert schema.complete(older, write_context(NOW + 1)) == entity


def test_definitions() -> None:
    """All that a schema was made from can be had, also what refines it."""
    definition, refinements = SCHEMAS["plugins"].definitions
    assert definition["name"] == "plugins"
    assert "key-auth" in refinements
    assert SCHEMAS["services"].definitions[1] == {}


def test_fields_follow_the_record() -> None:
    """What a form is read by depends on the plugin's name."""
    fields = SCHEMAS["plugins"].fields_for({"name": "key-auth"})
    assert "key_names" in fields["config"].definition["fields"]
    assert SCHEMAS["plugins"].fields_for({"name": "nope"})["config"].abstract


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(
        ["http", "a.test", "/", "~/(", "{vault://a}", "-----BEGIN X-----", SERVICE, "key-auth"]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["id", "x", "@entity"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(data=st.data())
@settings(max_examples=200, deadline=None, database=None)
def test_no_json_makes_a_schema_fail(data: st.DataObject) -> None:
    """Whatever a client sends is made an entity that can be changed, or refused with a body that is JSON."""
    schema = SCHEMAS[data.draw(st.sampled_from(sorted(SCHEMAS)))]
    names = [*schema.fields, *(shorthand.name for shorthand in schema.shorthands), "@entity", "odd"]
    record = data.draw(st.dictionaries(st.sampled_from(names), JSON, max_size=4))
    try:
        entity = schema.process_insert(record, write_context())
        assert schema.process_update({}, entity, write_context()) == entity
    except EntityError as error:
        json.dumps(error.body())


def test_hidden_fields_are_not_shown() -> None:
    """What is stored of a secret is no part of an answer, nor of the description of the kind."""
    schema = SCHEMAS["admin_tokens"]
    entity = {"id": "x", "name": "ci", "token_hash": "0" * 64}
    assert schema.present(entity) == {"id": "x", "name": "ci"}
    assert "token_hash" in schema.fields
    assert "token_hash" not in str(schema.describe())
