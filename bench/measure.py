"""What the kernel says a tree of processes has used: CPU time and resident memory, read from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since the start (user and system) and resident bytes, both summed over the tree."""

    cpu: float
    rss: int


@dataclass(frozen=True, slots=True)
class Stat:
    """The fields of /proc/PID/stat that matter here; ``ticks`` counts reaped children too."""

    parent: int
    ticks: int
    pages: int


def parse_stat(text: str) -> Stat:
    """Read one line of /proc/PID/stat (proc(5)); the command name may hold blanks and parentheses."""
    fields = text[text.rindex(")") + 2 :].split()
    return Stat(
        parent=int(fields[1]), ticks=sum(int(field) for field in fields[11:15]), pages=int(fields[21])
    )


def family(stats: dict[int, Stat], root: int) -> set[int]:
    """``root`` and all that descend from it."""
    found = {root}
    while True:
        more = {pid for pid, stat in stats.items() if stat.parent in found} - found
        if not more:
            return found
        found |= more


def all_stats() -> dict[int, Stat]:
    """Every process there is now; those that end while we look are left out."""
    stats = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                stats[int(entry.name)] = parse_stat((entry / "stat").read_text())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return stats


def peak_rss(root: int) -> int:
    """The highest resident bytes since :func:`forget_peak`, summed over the tree under ``root``."""
    peak = 0
    for pid in family(all_stats(), root):
        for line in (PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                peak += int(line.split()[1]) * 1024
    return peak


def forget_peak(root: int) -> None:
    """Let the kernel take the peak from what is resident now (proc(5), clear_refs)."""
    for pid in family(all_stats(), root):
        (PROC / str(pid) / "clear_refs").write_text("5")


def usage(root: int) -> Usage:
    """What the tree under ``root`` has used so far; pages shared between its processes count for each."""
    stats = all_stats()
    tree = [stats[pid] for pid in family(stats, root) if pid in stats]
    return Usage(sum(stat.ticks for stat in tree) / TICKS, sum(stat.pages for stat in tree) * PAGE)
