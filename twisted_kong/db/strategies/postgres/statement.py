"""A statement and the values for it, as psycopg2 takes them (``%s``)."""

from __future__ import annotations

from typing import Any, NamedTuple

Rows = list[tuple[Any, ...]]


class Statement(NamedTuple):
    """One or several SQL statements.

    ``order`` names the columns by which the rows of a query come (and says where ``desc``), where that
    matters: the text orders them so, and who makes a greater query out of it has to say it again.
    """

    text: str
    parameters: tuple[Any, ...] = ()
    order: str = ""


def together(*statements: Statement) -> Statement:
    """Several statements as one message: sent at once, answered by the result of the last one.

    Each has a snapshot of its own; when one fails those behind it are not run.
    """
    return Statement(
        ";\n".join(each.text for each in statements),
        tuple(value for each in statements for value in each.parameters),
    )
