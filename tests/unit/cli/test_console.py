"""What is said where."""

from __future__ import annotations

import pytest

from twisted_kong.cli.console import CommandFailed, Console


def test_results_go_to_standard_output_the_rest_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """So that a result can be piped."""
    console = Console()
    console.say("a")
    console.warn("b")
    console.fault("c")
    console.failed("d")
    captured = capsys.readouterr()
    assert captured.out == "a\n"
    assert captured.err.startswith("[warn] b\n[error] c\nError: d\n\n  Run with --v")


def test_steps_only_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    """And then no hint how to see them."""
    console = Console()
    console.step("a")
    console.level = 1
    console.step("b")
    console.failed("c")
    assert capsys.readouterr().err == "[verbose] b\nError: c\n"


def test_quiet_console_says_no_results(capsys: pytest.CaptureFixture[str]) -> None:
    """Errors are said all the same."""
    console = Console()
    console.quiet = True
    console.say("a")
    console.fault("b")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "[error] b\n")


def test_failure_has_a_code() -> None:
    """1 unless the command says more."""
    assert CommandFailed("x").code == 1
    assert CommandFailed("x", 3, silent=True).code == 3
