"""``/proxy-cache``: the answers that the plugin keeps."""

from __future__ import annotations

from twisted_kong.admin.openapi.operations import Descriptions, Operation, Reply
from twisted_kong.admin.openapi.shapes import OBJECT

TAG = "Cache"

_WAITS = ("Wait", "WaitTimeout")
_KEPT = Reply("The answer as it is kept.", OBJECT)
_GONE = Reply("It is forgotten.")
_ABOUT = "Concerns this node only."

DESCRIPTIONS: Descriptions = {
    "/proxy-cache": {
        "DELETE": Operation(
            "Forget all answers that proxy-cache keeps",
            TAG,
            "purgeProxyCache",
            about=_ABOUT,
            arguments=_WAITS,
            replies={204: Reply("None is kept any more.")},
        ),
    },
    "/proxy-cache/{cache_key}": {
        "GET": Operation(
            "Look at an answer that proxy-cache keeps",
            TAG,
            "getProxyCached",
            replies={200: _KEPT, 404: "NotFoundPage"},
        ),
        "DELETE": Operation(
            "Forget an answer that proxy-cache keeps",
            TAG,
            "dropProxyCached",
            about=_ABOUT,
            arguments=_WAITS,
            replies={204: _GONE, 404: "NotFoundPage"},
        ),
    },
    "/proxy-cache/{plugin_id}/caches/{cache_key}": {
        "GET": Operation(
            "Look at an answer that an instance of proxy-cache keeps",
            TAG,
            "getProxyCachedByPlugin",
            replies={200: _KEPT, 404: "NotFoundPage"},
        ),
        "DELETE": Operation(
            "Forget an answer that an instance of proxy-cache keeps",
            TAG,
            "dropProxyCachedByPlugin",
            about=_ABOUT,
            arguments=_WAITS,
            replies={204: _GONE, 404: "NotFoundPage"},
        ),
    },
}
