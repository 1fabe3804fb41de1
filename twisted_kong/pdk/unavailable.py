"""What stands in for the handler of a bundled plugin that this version can store but not run.

Nobody knows what the plugin would have done with a request: let nobody in, perhaps.
So it lets nothing pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.pdk.call import Conf
from twisted_kong.pdk.kong import Kong


class Unavailable:
    """Ends every request that an instance of a plugin applies to with 503.

    :param priority: that of the plugin, so that those before it run as they would.
    """

    def __init__(self, name: str, priority: int, version: str) -> None:
        self.name = name
        self.PRIORITY = priority
        self.VERSION = version

    def shortfall(self, config: Mapping[str, Any]) -> str | None:
        """What becomes of every configuration; :meth:`twisted_kong.pdk.loader.LoadedPlugin.shortfall`."""
        return "is not available in this version: requests to it are answered 503"

    def access(self, kong: Kong, conf: Conf) -> None:
        """Let no request pass."""
        kong.response.error(503, f"The plugin '{self.name}' is not available in this version")
