"""A comparison is summed up by round, not by wishful averages."""

from __future__ import annotations

from bench.load import Load
from bench.scenarios import COMPARISONS, NAMES
from bench.throughput import BASELINE, Comparison, Sample, ratios, tabulate


def sample(server: str, number: int, cpu: float, failed: int = 0) -> Sample:
    """One measurement of which only the CPU time matters."""
    return Sample("plain", server, number, cpu, rate=1000.0, p50=500, p99=2500, rss=20_000_000, failed=failed)


SAMPLES = [sample("nginx", 1, 10), sample("us", 1, 15), sample("nginx", 2, 20), sample("us", 2, 24)]


def test_a_ratio_is_taken_within_its_round() -> None:
    """A slow round is slow for everyone, so only neighbours are compared."""
    assert ratios(SAMPLES, "us") == [1.5, 1.2]


def test_rows_hold_medians_and_all_failures() -> None:
    """Failures are never averaged away."""
    table = tabulate(Comparison("plain", "t", Load()), [*SAMPLES, sample("us", 3, 99, failed=4)], ["a note"])
    assert table.rows[1] == ("us", "24.0", "1.35", "1,000", "0.50", "2.50", "20", "4")
    assert table.notes == ("a note",)


def test_without_the_baseline_there_is_no_ratio() -> None:
    """A missing nginx does not stop the rest."""
    table = tabulate(Comparison("plain", "t", Load()), [sample("us", 1, 15)], [])
    assert table.rows[0][2] == "–"


def test_the_baseline_takes_part_everywhere() -> None:
    """Each scenario can tell its ratio."""
    assert all(BASELINE in comparison.servers for comparison in COMPARISONS)
    assert len(set(NAMES)) == len(NAMES)
