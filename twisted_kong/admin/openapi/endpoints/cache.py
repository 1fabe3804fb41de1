"""``/cache``: the entity cache of the node."""

from __future__ import annotations

from typing import Any

from twisted_kong.admin.openapi.operations import Descriptions, Operation, Parameter, Reply
from twisted_kong.admin.openapi.shapes import (
    BOOLEAN,
    NUMBER,
    OBJECT,
    TEXT,
    listed,
    maybe,
    partly,
    record,
    ref,
)

TAG = "Cache"

SCHEMAS: dict[str, dict[str, Any]] = {
    "CacheEntry": record(
        key=TEXT, state={"enum": ["hit", "miss"]}, age=NUMBER, ttl=maybe(NUMBER), soft=BOOLEAN
    ),
}

DESCRIPTIONS: Descriptions = {
    "/cache": {
        "GET": Operation(
            "List what this node has cached",
            TAG,
            "listCache",
            arguments=(
                "Size",
                "Offset",
                Parameter("entity", "Only keys of this kind of entity.", TEXT),
                Parameter("id", "Only keys of the entity with this id.", TEXT),
            ),
            replies={
                200: Reply(
                    "A page of keys.",
                    partly(
                        {"data": listed(ref("CacheEntry")), "next": maybe(TEXT), "offset": TEXT},
                        "data",
                        "next",
                    ),
                ),
                400: "BadPage",
            },
        ),
        "DELETE": Operation(
            "Let everything be read again",
            TAG,
            "purgeCache",
            about="Each value is served once more while it is read again. Concerns this node only.",
            arguments=("Wait", "WaitTimeout"),
            replies={204: Reply("Everything is marked.")},
        ),
    },
    "/cache/{key}": {
        "GET": Operation(
            "Look at a cached value",
            TAG,
            "getCached",
            replies={200: Reply("The value; an empty object for a cached miss.", OBJECT)},
        ),
        "DELETE": Operation(
            "Drop a cached value",
            TAG,
            "dropCached",
            about="Concerns this node only.",
            arguments=("Wait", "WaitTimeout"),
            replies={204: Reply("It is dropped, or was not there.")},
        ),
    },
}
