"""The lines of a kong.conf."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.conf.problems import Origin, Problem
from twisted_kong.core.conf.text import format_text, parse_origins, parse_text


def read(text: str) -> tuple[list[tuple[str, str, int]], list[Problem]]:
    """The settings of a text with their lines, and what was wrong."""
    problems: list[Problem] = []
    lines = [(line.name, line.value, line.origin.line) for line in parse_text(text, "k.conf", problems)]
    return lines, problems


def test_names_and_values_are_trimmed() -> None:
    """Blanks around the equals sign and at the ends mean nothing."""
    assert read("  prefix =  /tmp/x  \n") == ([("prefix", "/tmp/x", 1)], [])


def test_comments_and_blank_lines_are_skipped() -> None:
    """Lines keep their numbers all the same."""
    assert read("# a = b\n\nlog_level = info # loud\n") == ([("log_level", "info", 3)], [])


def test_escaped_hash_stays() -> None:
    """A password may hold a #."""
    assert read(r"pg_password = a\#b # x")[0] == [("pg_password", "a#b", 1)]


def test_value_may_hold_equals_signs() -> None:
    """Only the first equals sign separates."""
    assert read("ssl_cert = a=b=")[0] == [("ssl_cert", "a=b=", 1)]


def test_empty_value_is_unset() -> None:
    """A name without value counts as not written."""
    assert read("pg_host =\n") == ([], [])


def test_other_lines_are_problems_with_their_place() -> None:
    """A line of another form is reported, the rest is read."""
    lines, problems = read("nonsense\nlog_level = info\nbad name = 1\n")
    assert [line[0] for line in lines] == ["log_level"]
    assert [str(problem) for problem in problems] == [
        "k.conf:1: not of the form name = value: 'nonsense'",
        "k.conf:3: not of the form name = value: 'bad name = 1'",
    ]


def test_byte_order_mark_and_carriage_returns_do_no_harm() -> None:
    """Files from other systems are read too."""
    assert read("\ufefflog_level = info\r\n")[0] == [("log_level", "info", 1)]


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.from_regex(r"[!-~]{1,12}", fullmatch=True)
    )
)
def test_formatted_settings_are_read_back(settings: dict[str, str]) -> None:
    """What ``start`` writes down is what the node reads."""
    # A backslash before a # cannot be told from an escape.
    settings = {name: value.replace("\\", "/") for name, value in settings.items()}
    origins = {name: Origin(value, len(name)) for name, value in settings.items()}
    text = format_text(settings, origins)
    assert parse_origins(text) == origins
    lines, problems = read(text)
    assert {name: value for name, value, _ in lines} == settings
    assert problems == []


def test_only_what_is_told_of_its_origin_is_known() -> None:
    """Other comments say nothing, and a place that would not fit on a line is left out."""
    origins = {"b": Origin("k.conf", 7), "c": Origin("a\nb"), "d": Origin("KONG_D")}
    text = format_text({"a": "1", "b": "2", "c": "3", "d": "4"}, origins)
    assert parse_origins(f"# Written.\n{text}") == {"b": Origin("k.conf", 7), "d": Origin("KONG_D")}
