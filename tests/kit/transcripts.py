"""Runs the commands that a page of the manual shows, and compares what they print with what it says.

A page shows commands in a block marked ``sh``; a block without a mark that follows is what they print.
A block marked ``console`` holds both: a line that begins with ``$`` is a command.
In what is printed, ``…`` stands for anything on its line, and alone on a line for any lines.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Step:
    """Commands for bash and what they print, None where the page does not tell."""

    commands: str
    printed: str | None


def steps(text: str) -> list[Step]:
    """What a page, or a part of it, shows."""
    found: list[Step] = []
    unanswered = False
    for mark, block in _FENCED.findall(text):
        if mark == "console":
            found += [Step(command, printed) for command, printed in _COMMAND.findall(block)]
        elif mark == "sh":
            found.append(Step(block, None))
        elif not mark and unanswered:
            found[-1] = Step(found[-1].commands, block)
        unanswered = mark == "sh"
    return found


def section(text: str, heading: str) -> str:
    """What stands below ``## heading``, up to the next heading of that rank."""
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def replay(text: str, folder: Path, environment: Mapping[str, str], *, at_exit: str = ":") -> None:
    """Run all steps in one bash in ``folder``; AssertionError at the first that fails or prints otherwise.

    :param at_exit: a command that stops what the steps have started.
    """
    shown = steps(text)
    assert shown, "nothing is shown"
    script = [f"trap '{{ set +e; {at_exit}; }} >/dev/null 2>&1' EXIT", "set -e"]
    for number, step in enumerate(shown):
        output = folder.parent / f"{folder.name}-{number}"
        script.append(f"{{\n{step.commands}\n}} >{output} 2>&1")
    done = subprocess.run(
        ["bash"],
        input="\n".join(script),
        cwd=folder,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    for number, step in enumerate(shown):
        output = folder.parent / f"{folder.name}-{number}"
        printed = output.read_text().replace("\r\n", "\n") if output.exists() else None
        assert printed is not None, f"not reached, as the command before it failed: {step.commands}"
        check(step, printed)
    assert done.returncode == 0, (done.stderr, shown[-1].commands)


def check(step: Step, printed: str) -> None:
    """AssertionError unless ``printed`` is what the page says."""
    if step.printed is not None:
        # Not all answers end in a line break, but all blocks do.
        same = re.fullmatch(pattern(step.printed.rstrip("\n")), printed.rstrip("\n"))
        assert same, f"$ {step.commands}\nprinted:\n{printed}\nbut the page says:\n{step.printed}"


def pattern(printed: str) -> str:
    """The regular expression of what a page says."""
    lines = []
    for line in printed.split("\n"):
        any_lines = line.strip() == "…"
        lines.append(r"(?:.*\n)*?.*" if any_lines else re.escape(line).replace("…", ".*"))
    return "\n".join(lines)
