"""Why an expression cannot be used."""

from __future__ import annotations


class ExpressionError(ValueError):
    """An expression that Kong's router would refuse, or one beyond the limits; its text says why.

    Kong: what cannot be parsed is shown with the place and what would have been right there.
    """


def at_place(text: str, line: int, column: int, reason: str) -> ExpressionError:
    """An error that shows the line of the text and the column, both counted from 1."""
    lines = text.split("\n")
    shown = lines[line - 1] if line <= len(lines) else ""
    number = str(line)
    edge = " " * len(number)
    return ExpressionError(
        f"{edge}--> {line}:{column}\n{edge} |\n{number} | {shown}\n{edge} | {' ' * (column - 1)}^---"
        f"\n{edge} |\n{edge} = {reason}"
    )
