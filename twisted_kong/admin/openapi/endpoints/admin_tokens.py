"""What can be done to tokens of the Admin API beside what follows from their schema."""

from __future__ import annotations

from twisted_kong.admin.openapi.generated import written
from twisted_kong.admin.openapi.names import title
from twisted_kong.admin.openapi.operations import Descriptions, Operation
from twisted_kong.core.schema.schema import Schema


def rotation(tokens: Schema) -> Descriptions:
    """The description of ``/rotate``."""
    return {
        "/admin-tokens/{admin_tokens}/rotate": {
            "POST": Operation(
                "Give a token a new secret",
                title(tokens.name),
                "rotateAdminToken",
                about="Only this answer tells it. The old one is void at once.",
                replies={200: written(tokens, "The token with its new secret."), 400: "BadKey"},
                stores=True,
            )
        }
    }
