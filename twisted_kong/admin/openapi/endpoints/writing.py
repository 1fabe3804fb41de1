"""Writes that are tried out, and several in one."""

from __future__ import annotations

from typing import Any

from twisted_kong.admin.bodies import JSON_TYPE
from twisted_kong.admin.openapi.operations import Descriptions, Operation, Reply
from twisted_kong.admin.openapi.shapes import ANYTHING, INTEGER, OBJECT, TEXT, listed, partly, record, ref
from twisted_kong.admin.openapi.shared import WRITTEN
from twisted_kong.admin.operations import METHODS, MOST

TAG = "Batch"

_MAYBE_OBJECT = {"type": ["object", "null"]}

SCHEMAS: dict[str, dict[str, Any]] = {
    "DraftOfChange": record(
        entity=TEXT,
        operation={"enum": ["create", "update", "delete"]},
        id=TEXT,
        before=_MAYBE_OBJECT,
        after=_MAYBE_OBJECT,
    ),
    "DryRun": {
        "description": "What a write would be answered and would change; of secrets nothing is told.",
        **record(
            dry_run={"const": True}, status=INTEGER, entity=ANYTHING, changes=listed(ref("DraftOfChange"))
        ),
    },
    "BatchOperation": {
        **partly(
            {
                "method": {"enum": list(METHODS)},
                "path": {"type": "string", "pattern": "^/", "examples": ["/services/orders"]},
                "body": OBJECT,
                "if_match": TEXT,
                "if_none_match": TEXT,
            },
            "method",
            "path",
        ),
        "additionalProperties": False,
    },
    "Batch": {
        **partly(
            {"operations": {**listed(ref("BatchOperation")), "minItems": 1, "maxItems": MOST}}, "operations"
        ),
        "additionalProperties": False,
        "examples": [
            {
                "operations": [
                    {"method": "PUT", "path": "/services/orders", "body": {"host": "orders.example.com"}},
                    {"method": "POST", "path": "/services/orders/routes", "body": {"paths": ["/orders"]}},
                ]
            }
        ],
    },
    "BatchAnswer": record(data=listed(record(status=INTEGER, body=ANYTHING)), position=TEXT),
    "BatchTrial": record(
        dry_run={"const": True},
        status=INTEGER,
        data=listed(record(status=INTEGER, body=ANYTHING)),
        changes=listed(ref("DraftOfChange")),
    ),
    "BatchRefusal": record(message=TEXT, operation=INTEGER, answer=ANYTHING),
}


def _refused(about: str) -> Reply:
    return Reply(about, {"anyOf": [ref("BatchRefusal"), ref("Message")]})


DESCRIPTIONS: Descriptions = {
    "/batch": {
        "POST": Operation(
            "Make several writes, all of them or none",
            TAG,
            "makeBatch",
            about="They run one after the other, each sees what those before it wrote, and all are one"
            " transaction with one position. What is refused refuses all, with its own status.",
            arguments=("Wait", "WaitTimeout", "DryRun"),
            body=ref("Batch"),
            media=(JSON_TYPE,),
            body_required=True,
            replies={
                200: Reply(
                    "All are made.",
                    {"anyOf": [ref("BatchAnswer"), ref("BatchTrial")]},
                    headers=WRITTEN,
                ),
                **{
                    status: _refused("An operation was refused; nothing was written.")
                    for status in (404, 405, 409, 412)
                },
                504: "NotEverywhere",
            },
        )
    }
}
