"""What the collection of Consumers takes beside a page's arguments."""

from __future__ import annotations

from dataclasses import replace

from twisted_kong.admin.openapi.operations import Descriptions, Parameter

CUSTOM_ID = Parameter(
    "custom_id", "Only the Consumer that another system knows by this id.", {"type": "string", "minLength": 1}
)


def with_custom_id(descriptions: Descriptions) -> Descriptions:
    """The descriptions of the generated endpoints, with the further argument of ``GET /consumers``."""
    methods = descriptions.get("/consumers")
    if methods is None:
        return descriptions
    listing = methods["GET"]
    listing = replace(listing, arguments=(*listing.arguments, CUSTOM_ID))
    return {**descriptions, "/consumers": {**methods, "GET": listing}}
