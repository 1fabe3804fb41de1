"""The table of claims in docs/architecture/coherence.md, step by step."""

from __future__ import annotations

from pathlib import Path

from twisted_kong.db.positions import LogPosition
from twisted_kong.db.strategies.postgres.proof import Proof, Seen

PAGE = Path(__file__).parents[2] / "docs" / "architecture" / "coherence.md"
# The last row that both histories share.
FORK = 6


def rows_of_the_page() -> list[list[str]]:
    rows = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and len(cells[0]) == 1 and cells[0].isupper():
            rows.append(cells)
    return rows


def position(text: str) -> LogPosition:
    return LogPosition(int(text[:-1]), text[-1] * 8)


def printed(positions: frozenset[LogPosition]) -> str:
    return ", ".join(f"{each.number}{each.tag[0]}" for each in positions) or "–"


def has(head: LogPosition, other: LogPosition) -> bool:
    """Whether a log with this end holds a row."""
    return other.number <= head.number and (other.tag == head.tag or other.number <= FORK)


def test_the_proof_on_the_page_is_what_is_decided() -> None:
    """Claims and verdicts are those of the PostgreSQL strategy."""
    seen, rows = Seen(), rows_of_the_page()
    assert [row[0] for row in rows] == list("ABCDEFGHI")
    for _, asked, end, claims, verdict, afterwards in rows:
        primary, head = not asked.startswith("the replica"), position(end)
        question = seen.question(primary=primary)
        assert printed(question.claims) == claims
        holds = all(has(head, each) for each in question.claims)
        holds = holds and not any(has(head, each) for each in question.lost)
        assert seen.judge(question, Proof(head, holds, head.tag), primary=primary).value == verdict
        assert printed(seen.question().claims) == afterwards
