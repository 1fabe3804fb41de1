from __future__ import annotations

import pytest

from tests.kit.bundled import bundled
from tests.kit.write_context import write_context
from twisted_kong.core.errors import SchemaViolation
from twisted_kong.core.schema.registry import build_schemas
from twisted_kong.plugins.basic_auth.daos import hashed

# What a Kong made of the password "p" of this Consumer.
CONSUMER = "213e98ae-f0f5-442d-8ae8-9358e97c3953"
RECORDED = "95081ef336f087dab490c0e98e0b26a19d4d7ce9"
CREDENTIALS = build_schemas(bundled("basic-auth"))["basicauth_credentials"]


def test_a_password_is_hashed_as_kong_does() -> None:
    """On every write of it, and on no other."""
    assert hashed("p", CONSUMER) == RECORDED
    record = {"username": "u", "password": "p", "consumer": {"id": CONSUMER}}
    made = CREDENTIALS.process_insert(record, write_context())
    assert made["password"] == RECORDED
    assert CREDENTIALS.process_update({"tags": ["t"]}, made, write_context())["password"] == RECORDED
    changed = CREDENTIALS.process_update({"password": "p2"}, made, write_context())
    assert changed["password"] == hashed("p2", CONSUMER)


def test_a_credential_cannot_move_without_its_password() -> None:
    """The hash of another Consumer's would be another one."""
    record = {"username": "u", "password": "p", "consumer": {"id": CONSUMER}}
    made = CREDENTIALS.process_insert(record, write_context())
    other = {"consumer": {"id": "290a11d6-564d-4178-80ab-1e4d51d4c0a5"}}
    with pytest.raises(SchemaViolation) as caught:
        CREDENTIALS.process_update(other, made, write_context())
    assert caught.value.fields == {
        "@entity": ["all or none of these fields must be set: 'password', 'consumer.id'"]
    }
