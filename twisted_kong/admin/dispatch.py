"""From a method and a path to the endpoint that answers, without anything of HTTP.

A request comes here with its path already looked up; what comes in another way, as part of a batch, is looked
up here by the same rules.  Each call is first put to whoever decides what the caller may do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from werkzeug.exceptions import HTTPException

from twisted_kong.admin.answers import METHOD_NOT_ALLOWED, Answer
from twisted_kong.admin.bodies import EMPTY, Body, Pairs
from twisted_kong.admin.calls import METHODS_WITH_BODY, Call, Handler, Permit, Table, everything
from twisted_kong.admin.etags import Conditions, under
from twisted_kong.admin.front import rules, segments_of
from twisted_kong.db.terms import Terms


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the Admin API, however it came in.

    ``pattern`` is the table's path that ``path`` fits, with ``params`` in the place of its ``{names}``.
    ``query`` is the query string whatever the method; ``author`` is who asks.
    ``caught_up`` is that of the :class:`~twisted_kong.db.terms.Terms`.
    """

    method: str
    path: str
    pattern: str
    params: Mapping[str, str]
    query: Pairs = field(default_factory=list)
    body: Body = EMPTY
    author: str | None = None
    conditions: Conditions | None = None
    permit: Permit = everything
    dry_run: bool = False
    caught_up: bool = False
    accept: str = ""

    @property
    def call(self) -> Call:
        """The call of the endpoint."""
        return Call(
            method=self.method,
            path=self.path,
            params=self.params,
            query=[] if self.method in METHODS_WITH_BODY else self.query,
            options=self.query,
            accept=self.accept,
            body=self.body,
            terms=Terms(self.author, self.conditions, self.caught_up),
            permit=self.permit,
            dry_run=self.dry_run,
        )


def handler_of(handlers: Mapping[str, Handler], method: str) -> Handler | None:
    """The handler of a method at one path; HEAD is answered as GET is."""
    return handlers.get("GET" if method == "HEAD" else method)


async def dispatch(table: Table, asked: Asked) -> Answer:
    """The answer of a table's endpoint.

    Raises whatever the endpoint, the conditions or the permit raise; see
    :func:`twisted_kong.admin.failures.answer_for`.
    """
    handler = handler_of(table[asked.pattern], asked.method)
    if handler is None:
        return METHOD_NOT_ALLOWED
    asked.permit(asked.method, asked.pattern)
    return await under(asked.conditions, handler, asked.call)


class Paths:
    """The paths of a table, in which one is looked up as the HTTP server looks it up.

    To make one imports klein, see :meth:`twisted_kong.admin.app.AdminApp.resource`.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._map = rules(tuple(patterns)).bind("admin")

    def find(self, path: str) -> tuple[str, dict[str, str]] | None:
        """The pattern that an escaped path fits and the values of its names; None if there is none."""
        segments = segments_of(path.encode("utf-8"))
        if segments is None:
            return None
        try:
            pattern, params = self._map.match("/" + b"/".join(segments).decode("utf-8"), method="GET")
        except HTTPException:
            return None
        return pattern, {name: unquote(value) for name, value in params.items()}
