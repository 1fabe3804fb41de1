"""What stands in for the handler of a bundled plugin that this version can store but not run.

Nobody knows what the plugin would have done with a request: let nobody in, perhaps.
So it lets nothing pass.
"""

from __future__ import annotations

from typing import NoReturn

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

    def configure(self, kong: Kong, confs: list[Conf] | None) -> None:
        """Tell the operator, once for each configuration."""
        for conf in confs or ():
            if conf.memo is None:
                conf.memo = True
                kong.log.err(
                    "the plugin is not available in this version: every request that the instance ",
                    conf["__plugin_id"],
                    " applies to is answered 503",
                )

    def access(self, kong: Kong, conf: Conf) -> None:
        """Let no request pass."""
        self._refuse(kong)

    def header_filter(self, kong: Kong, conf: Conf) -> None:
        """Let no answer pass either: an instance of a Consumer may be found only after its turn in access."""
        if kong.response.get_source() == "service":
            self._refuse(kong)

    def _refuse(self, kong: Kong) -> NoReturn:
        kong.response.error(503, unavailable(self.name))


def unavailable(name: str) -> str:
    """What is said of a plugin that cannot run."""
    return f"The plugin '{name}' is not available in this version"
