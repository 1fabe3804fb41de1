"""``/config`` and ``/diff``: everything as one document."""

from __future__ import annotations

from typing import Any

from twisted_kong.admin.bodies import FORM_TYPE, JSON_TYPE, MULTIPART_TYPE, YAML_TYPES
from twisted_kong.admin.openapi.operations import Descriptions, Operation, Parameter, Reply
from twisted_kong.admin.openapi.shapes import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    listed,
    maybe,
    partly,
    record,
    ref,
)
from twisted_kong.admin.openapi.shared import WRITTEN

TAG = "Configuration"

MEDIA = (JSON_TYPE, *YAML_TYPES, FORM_TYPE, MULTIPART_TYPE)
_YES_OR_NO = {"enum": ["1", "true", "0", "false"], "default": "0"}
_MAYBE_OBJECT = {"type": ["object", "null"]}
_SUMMARY = record(create=INTEGER, update=INTEGER, delete=INTEGER)

SCHEMAS: dict[str, dict[str, Any]] = {
    "DeclarativeDocument": {
        "type": "object",
        "description": "Kong's declarative format or decK's, or an object whose `config` is such a document.",
        "properties": {
            "_format_version": {"type": "string", "examples": ["3.0"]},
            "config": {
                "type": ["string", "object"],
                "description": "The document itself, as text or as it is.",
            },
        },
        "examples": [
            {
                "_format_version": "3.0",
                "services": [
                    {"name": "orders", "url": "http://orders.example.com", "routes": [{"paths": ["/orders"]}]}
                ],
            }
        ],
    },
    "Difference": record(
        entity=TEXT,
        operation={"enum": ["create", "update", "delete"]},
        id=TEXT,
        name=maybe(TEXT),
        before=_MAYBE_OBJECT,
        after=_MAYBE_OBJECT,
    ),
    "Differences": record(in_sync=BOOLEAN, changes=listed(ref("Difference")), summary=_SUMMARY),
    "ImportTrial": record(
        dry_run={"const": True}, status=INTEGER, changes=listed(ref("Difference")), summary=_SUMMARY
    ),
    "ImportProgress": partly(
        {
            "state": {"enum": ["idle", "running", "done", "failed", "unknown"]},
            "mode": TEXT,
            "author": maybe(TEXT),
            "started_at": INTEGER,
            "finished_at": INTEGER,
            "elapsed": NUMBER,
            "phase": TEXT,
            "done": INTEGER,
            "total": INTEGER,
            "changes": _SUMMARY,
            "error": TEXT,
        },
        "state",
    ),
}

_OPTIONS = (
    Parameter("select_tags", "With `sync`: remove only what bears all of these tags, `a,b`.", TEXT),
    Parameter("flatten_errors", "Tell what is wrong one entity after the other too.", _YES_OR_NO),
)


def _mode(default: str) -> Parameter:
    return Parameter(
        "mode",
        "`upsert` makes and changes what the document holds; `sync` also removes what it does not.",
        {"enum": ["upsert", "sync"], "default": default},
    )


def _compared(summary: str, name: str, about: str, further: tuple[str, ...] = ()) -> Operation:
    return Operation(
        summary,
        TAG,
        name,
        about=about,
        arguments=(_mode("sync"), *_OPTIONS, *further),
        body=ref("DeclarativeDocument"),
        media=MEDIA,
        replies={
            200: Reply("What differs; secrets are not shown.", ref("Differences")),
            400: "BadDocument",
            429: Reply("Too many documents wait.", ref("Message"), headers=("Retry-After",)),
        },
    )


DESCRIPTIONS: Descriptions = {
    "/config": {
        "GET": Operation(
            "Read everything as one document",
            TAG,
            "exportConfig",
            about="As text within JSON, or alone where `Accept` asks for YAML.",
            arguments=(
                Parameter("format", "Whose format.", {"enum": ["kong", "deck"], "default": "kong"}),
                Parameter("with_id", "Whether ids are told where names would do.", _YES_OR_NO),
            ),
            replies={200: Reply("The document.", record(config=TEXT), further=("application/yaml",))},
        ),
        "POST": Operation(
            "Make the database as a document says",
            TAG,
            "importConfig",
            about="In one transaction, with one position. `GET /config/progress` tells how far it is.",
            arguments=(
                _mode("upsert"),
                *_OPTIONS,
                Parameter("check_hash", "Answer 304 where nothing had to be changed.", _YES_OR_NO),
                "Wait",
                "WaitTimeout",
                "DryRun",
            ),
            body=ref("DeclarativeDocument"),
            media=MEDIA,
            replies={
                201: Reply(
                    "The entities of the document by kind and id; with `dry_run`: what would change.",
                    {"anyOf": [ref("ImportTrial"), OBJECT]},
                    headers=WRITTEN,
                ),
                304: Reply("Nothing had to be changed.", headers=WRITTEN),
                400: "BadDocument",
                409: "Conflict",
                429: Reply(
                    "Another import is under way on this node, or too many dry runs wait.",
                    ref("Message"),
                    headers=("Retry-After",),
                ),
                504: "NotEverywhere",
            },
        ),
    },
    "/config/progress": {
        "GET": Operation(
            "Tell how far an import is",
            TAG,
            "getImportProgress",
            replies={
                200: Reply("The one that is under way on this node, or the last.", ref("ImportProgress"))
            },
        )
    },
    "/diff": {
        "GET": _compared(
            "Compare a document with the database",
            "diffConfig",
            "Nothing is written. Where a GET cannot have a body, POST does the same.",
        ),
        "POST": _compared(
            "Compare a document with the database, by POST",
            "diffPostedConfig",
            "Nothing is written.",
            ("Wait", "WaitTimeout"),
        ),
    },
}
