"""The writes in the recorded exchanges of a real Kong 3.9.1, as a schema would be asked to judge them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from twisted_kong.core.schema.context import WriteContext
from twisted_kong.core.schema.forms import decode, infer
from twisted_kong.core.schema.schema import Schema

DATA = Path(__file__).parents[1] / "conformance" / "data"
FILES = (
    *(
        "services",
        "routes",
        "consumers",
        "plugins",
        "upstreams",
        "targets",
        "certificates",
        "ca_certificates",
    ),
    *("keys", "vaults", "misc_admin", "cred_acl", "cred_basic", "cred_hmac", "cred_key", "cred_oauth2"),
)
COLLECTIONS = {
    "services": "services",
    "routes": "routes",
    "consumers": "consumers",
    "plugins": "plugins",
    "upstreams": "upstreams",
    "targets": "targets",
    "certificates": "certificates",
    "ca_certificates": "ca_certificates",
    "keys": "keys",
    "key-sets": "key_sets",
    "vaults": "vaults",
    "snis": "snis",
    "acls": "acls",
    "basic-auth": "basicauth_credentials",
    "basic-auths": "basicauth_credentials",
    "hmac-auth": "hmacauth_credentials",
    "hmac-auths": "hmacauth_credentials",
    "key-auth": "keyauth_credentials",
    "key-auths": "keyauth_credentials",
    "oauth2": "oauth2_credentials",
    "oauth2_tokens": "oauth2_tokens",
    "tags": "tags",
}
PARENT_FIELDS = {
    "consumers": "consumer",
    "services": "service",
    "routes": "route",
    "upstreams": "upstream",
    "certificates": "certificate",
    "key-sets": "set",
}
OPERATIONS = {"POST": "insert", "PUT": "upsert", "PATCH": "update"}
SOME_ID = "aaaaaaaa-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class RecordedWrite:
    """One write: what was asked of which kind of entity, and what Kong answered."""

    file: str
    n: int
    entity: str
    operation: str
    request: Mapping[str, Any]
    fixed: Mapping[str, Any]
    current: Mapping[str, Any] | None
    status: int
    answer: Any
    date: float

    @property
    def key(self) -> str:
        """The file and the number of the exchange in it."""
        return f"{self.file}-{self.n:03d}"

    def __str__(self) -> str:
        return f"{self.key} {self.request['method']} {self.request['path']}"

    def record(self, schema: Schema) -> dict[str, Any]:
        """The record in the request, with what its path says, in the form a schema is given it."""
        body = self.request["body"]
        if self.request.get("body_kind") in ("form", "multipart"):
            body = infer(schema, decode([tuple(pair) for pair in body]))
        record = {**(body or {}), **self.fixed}
        record.pop("ttl", None)
        return record

    def process(self, schema: Schema) -> dict[str, Any] | None:
        """Let a schema make the entity; the ids and times it is given are the recorded ones."""
        record, context = self.record(schema), self.context()
        if self.operation == "validate":
            schema.validate(record, context)
            return None
        if self.operation == "update":
            return schema.process_update(record, self.current or {}, context)
        if self.operation == "upsert":
            return schema.process_upsert(record, context)
        return schema.process_insert(record, context)

    def context(self) -> WriteContext:
        """A context that makes what Kong made."""
        shown = self.answer if isinstance(self.answer, dict) and self.status < 300 else {}
        tokens = [shown.get(name) for name in ("key", "secret", "client_id", "client_secret")]
        given = iter([token for token in tokens if token is not None])
        return WriteContext(
            now=shown.get("updated_at") or shown.get("created_at") or self.date,
            new_uuid=lambda: shown.get("id", SOME_ID),
            new_token=lambda: next(given, "t" * 32),
            workspace=SOME_ID,
        )


def recorded_writes() -> list[RecordedWrite]:
    """All writes with a record that was judged: accepted, or refused as a schema violation."""
    return [write for file in FILES for write in _writes_of(file)]


def _writes_of(file: str) -> Iterator[RecordedWrite]:
    rows: dict[str, dict[str, Any]] = {}
    for line in (DATA / f"{file}.jsonl").read_text().splitlines():
        exchange = json.loads(line)
        answer = exchange["response"].get("json")
        write = _write(file, exchange, answer, rows)
        if write is not None:
            yield write
        if exchange["response"]["status"] in (200, 201) and isinstance(answer, dict) and "id" in answer:
            rows[answer["id"]] = answer


def _write(
    file: str, exchange: dict[str, Any], answer: Any, rows: Mapping[str, dict[str, Any]]
) -> RecordedWrite | None:
    request, status = exchange["request"], exchange["response"]["status"]
    operation = OPERATIONS.get(request["method"])
    if operation is None or not (status in (200, 201) or (answer or {}).get("code") == 2):
        return None
    if request.get("body_kind") not in ("json", "form", "multipart", None):
        return None
    segments = request["path"].partition("?")[0].strip("/").split("/")
    date = next((value for name, value in exchange["response"]["headers"] if name == "Date"), None)
    place = _place(segments, operation)
    if place is None:
        return None
    entity, operation, key, parent = place
    current = _row(rows, key)
    if operation == "update" and current is None:
        return None
    return RecordedWrite(
        file=file,
        n=exchange["n"],
        entity=entity,
        operation=operation,
        request=request,
        fixed={**_fixed(parent, rows), **_addressed(entity, operation, key)},
        current=current,
        status=status,
        answer=answer,
        date=parsedate_to_datetime(date).timestamp() if date else 0.0,
    )


def _place(segments: list[str], operation: str) -> tuple[str, str, str | None, tuple[str, str] | None] | None:
    """The entity, the operation, the key, and the parent with its key, that a path stands for."""
    if segments[0] == "schemas":
        return (
            (segments[1], "validate", None, None)
            if segments[-1] == "validate" and len(segments) == 3
            else None
        )
    if len(segments) in (1, 2) and segments[0] in COLLECTIONS:
        return COLLECTIONS[segments[0]], operation, segments[1] if len(segments) == 2 else None, None
    if len(segments) in (3, 4) and segments[0] in PARENT_FIELDS and segments[2] in COLLECTIONS:
        key = segments[3] if len(segments) == 4 else None
        return COLLECTIONS[segments[2]], operation, key, (segments[0], segments[1])
    return None


def _row(rows: Mapping[str, dict[str, Any]], key: str | None) -> dict[str, Any] | None:
    """The row with an id or, the latest one first, with a name."""
    if key is None or key in rows:
        return None if key is None else rows[key]
    named = [row for row in rows.values() if key in _names(row)]
    return named[-1] if named else None


def _names(row: Mapping[str, Any]) -> list[Any]:
    return [
        row.get(name) for name in ("name", "username", "key", "prefix", "target", "instance_name", "group")
    ]


def _fixed(parent: tuple[str, str] | None, rows: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    if parent is None:
        return {}
    row = _row(rows, parent[1])
    return {PARENT_FIELDS[parent[0]]: {"id": SOME_ID if row is None else row["id"]}}


_ENDPOINT_KEYS = {
    "consumers": "username",
    "vaults": "prefix",
    "targets": "target",
    "plugins": "instance_name",
    "acls": "group",
    "basicauth_credentials": "username",
    "hmacauth_credentials": "username",
    "keyauth_credentials": "key",
    "oauth2_credentials": "client_id",
}


def _addressed(entity: str, operation: str, key: str | None) -> dict[str, Any]:
    """What the address of an upsert puts into the record."""
    if operation != "upsert" or key is None:
        return {}
    is_id = len(key) == 36 and key.count("-") == 4
    return {"id": key} if is_id else {_ENDPOINT_KEYS.get(entity, "name"): key}
