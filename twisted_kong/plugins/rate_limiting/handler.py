"""Limits how many requests a client may make per second, minute, hour, day, month and year.

Counted is in this process only, and at the moment of the decision, so that simultaneous requests cannot
overrun a limit (Kong counts afterwards, from a timer).  That is what ``policy`` local asks for; with another
one a limit holds for each node by itself, and the log says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted_kong.core.context import RequestContext
from twisted_kong.core.headers import HeaderEdits
from twisted_kong.pdk.call import Conf
from twisted_kong.pdk.chains import Shortcut
from twisted_kong.pdk.gateway import Gateway
from twisted_kong.pdk.kong import Kong
from twisted_kong.pdk.texts import number_text, put_lines
from twisted_kong.plugins.rate_limiting.counters import Counters
from twisted_kong.plugins.rate_limiting.windows import LENGTHS, PERIODS, Windows

_NONE = "00000000-0000-0000-0000-000000000000"


class Limits:
    """A configuration, made ready: its periods from the shortest to the longest, and their headers.

    ``numbers`` are those of the periods; ``periods`` tells for each the place of its count among a client's
    windows, its limit, and its length.
    """

    __slots__ = (
        "by",
        "hidden",
        "limits",
        "names",
        "numbers",
        "periods",
        "scope",
        "template",
        "whole",
    )

    def __init__(self, conf: Conf) -> None:
        self.by: str = conf["limit_by"]
        self.hidden: bool = conf["hide_client_headers"]
        self.numbers = [number for number, name in enumerate(PERIODS) if conf.get(name)]
        self.periods = [(2 * number + 1, conf[PERIODS[number]], LENGTHS[number]) for number in self.numbers]
        self.scope = f"{conf['route_id'] or _NONE}:{conf['service_id'] or _NONE}"
        self.limits = [number_text(limit).encode() for _, limit, _ in self.periods]
        titles = [PERIODS[number].title().encode() for number in self.numbers]
        self.whole = all(limit == int(limit) for _, limit, _ in self.periods)
        number = b"%d" if self.whole else b"%b"
        # What is sent, but for what remains.
        self.template = b"".join(
            b"X-RateLimit-Limit-%b: %b\r\nX-RateLimit-Remaining-%b: %b\r\n" % (title, limit, title, number)
            for title, limit in zip(titles, self.limits, strict=True)
        ) + (b"RateLimit-Limit: %%b\r\nRateLimit-Remaining: %b\r\nRateLimit-Reset: %%d\r\n" % number)
        names = [b"ratelimit-limit", b"ratelimit-remaining", b"ratelimit-reset", b"retry-after"]
        for title in titles:
            names += [b"x-ratelimit-limit-" + title.lower(), b"x-ratelimit-remaining-" + title.lower()]
        self.names = frozenset(names)


class Handler:
    """Counts and refuses."""

    PRIORITY = 910
    VERSION = "3.9.1"

    def __init__(self) -> None:
        self._counters = Counters()
        self._windows = Windows()

    def shortfall(self, config: Mapping[str, Any]) -> str | None:
        """That nodes do not count together, where they are to."""
        policy = config["policy"]
        if policy == "local":
            return None
        return f"counts on this node only, policy '{policy}' is not available in this version"

    def access(self, kong: Kong, conf: Conf) -> None:
        """Let the request pass and count it, or refuse it."""
        limits = _limits(conf)
        context = kong.call.context
        now = context.started
        starts = self._windows.starts(now)
        identifier = _identifier(kong, conf, limits.by)
        used = self._counters.used((limits.scope, identifier), limits.numbers, starts)
        stopped = -1
        for place, limit, _ in limits.periods:
            if used[place] >= limit:
                stopped = place
        if stopped < 0:
            for place, _, _ in limits.periods:
                used[place] += 1
        if limits.hidden:
            if stopped >= 0:
                kong.response.error(int(conf["error_code"]), conf["error_message"])
            return
        put_lines(context.change_response(), limits.names, _lines(limits, used, stopped, now))
        if stopped >= 0:
            kong.response.error(int(conf["error_code"]), conf["error_message"])

    def access_shortcut(self, conf: Conf, gateway: Gateway) -> Shortcut | None:
        """Count a Consumer with room in its only window, if the limit is whole and clients may see it."""
        if conf["limit_by"] != "consumer" or conf["hide_client_headers"]:
            return None
        limits = _limits(conf)
        if not limits.whole or len(limits.periods) != 1:
            return None
        ((place, limit, length),) = limits.periods
        scope, numbers, names, template = limits.scope, limits.numbers, limits.names, limits.template
        text = limits.limits[0]
        starts_of, used_of = self._windows.starts, self._counters.used

        def count(context: RequestContext) -> bool:
            consumer = context.consumer
            if consumer is None or context.response_edits is not None:
                return False
            now = context.started
            used = used_of((scope, consumer["id"]), numbers, starts_of(now))
            left = limit - used[place] - 1
            if left < 0:
                return False
            used[place] += 1
            reset = length - int(now - used[place - 1])
            lines = template % (left, text, left, reset if reset > 1 else 1)
            context.response_edits = HeaderEdits(names, lines)
            return True

        return count


def _limits(conf: Conf) -> Limits:
    limits: Limits | None = conf.memo
    if limits is None:
        limits = conf.memo = Limits(conf)
    return limits


def _lines(limits: Limits, used: list[int], stopped: int, now: float) -> bytes:
    """The header lines of an answer.

    ``used`` already counts this request if it passes.
    Kong: if it is refused, what remains is shown as it stands, and 0 for the window that refused it.
    """
    remains: list[float] = []
    least: float = -1
    tightest = start = length = 0
    for number, (place, limit, whole_length) in enumerate(limits.periods):
        remaining = limit - used[place]
        if remaining < 0 or place == stopped:
            remaining = 0
        remains.append(remaining)
        # On ties the longest window counts.
        if least < 0 or remaining <= least:
            least, tightest, start, length = remaining, number, used[place - 1], whole_length
    reset = length - int(now - start)
    if reset < 1:
        reset = 1
    shown = (*remains, least) if limits.whole else [number_text(each).encode() for each in (*remains, least)]
    lines = limits.template % (*shown[:-1], limits.limits[tightest], shown[-1], reset)
    return lines if stopped < 0 else lines + b"Retry-After: %d\r\n" % reset


def _identifier(kong: Kong, conf: Conf, by: str) -> str:
    """Whose requests are counted together; the client's address where ``limit_by`` finds nothing."""
    context = kong.call.context
    found: Any = None
    if by == "consumer":
        found = context.consumer or context.credential
    elif by == "credential":
        found = context.credential
    elif by == "service":
        found = context.service
    elif by == "header":
        header = kong.request.get_header(conf["header_name"])
        if header:
            return header
    elif by == "path" and context.path == conf["path"]:
        return context.path
    return found["id"] if found is not None else context.client_ip
