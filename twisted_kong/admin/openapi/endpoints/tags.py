"""``/tags``: which entities carry which tags."""

from __future__ import annotations

from twisted_kong.admin.openapi.entities import page_reference
from twisted_kong.admin.openapi.operations import Descriptions, Operation, Reply

TAG = "Tags"


def _refused(summary: str, name: str) -> Operation:
    return Operation(
        summary,
        TAG,
        name,
        about="Tags are a view of the entities: write these.",
        arguments=("Wait", "WaitTimeout"),
        replies={400: "BadWrite"},
    )


DESCRIPTIONS: Descriptions = {
    "/tags": {
        "GET": Operation(
            "List all tags",
            TAG,
            "listTags",
            arguments=("Size", "Offset"),
            replies={200: Reply("Which entity carries which tag.", page_reference("tags")), 400: "BadPage"},
        ),
        "POST": _refused("Never write tags", "createTag"),
    },
    "/tags/{tags}": {
        "GET": Operation(
            "List what carries a tag",
            TAG,
            "listTagged",
            arguments=("Size", "Offset"),
            replies={200: Reply("The entities that carry it.", page_reference("tags")), 400: "BadPage"},
        ),
        "PUT": _refused("Never write a tag", "putTag"),
        "PATCH": _refused("Never change a tag", "patchTag"),
        "DELETE": _refused("Never delete a tag", "deleteTag"),
    },
}
