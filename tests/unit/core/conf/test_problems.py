"""Problems: one line that says where to look."""

from __future__ import annotations

from twisted_kong.core.conf.problems import DEFAULT, ConfError, Origin, Problem


def test_problem_in_a_file_names_file_and_line() -> None:
    """The line begins as editors and compilers write it."""
    assert str(Problem("bad", Origin("/etc/kong.conf", 12))) == "/etc/kong.conf:12: bad"


def test_problem_of_the_environment_names_the_variable() -> None:
    """A variable has no line."""
    assert str(Problem("bad", Origin("KONG_PREFIX"))) == "KONG_PREFIX: bad"


def test_problem_of_a_default_is_just_the_message() -> None:
    """There is no place to look at where nobody set anything."""
    assert str(Problem("bad", DEFAULT)) == "bad"


def test_error_is_its_first_problem() -> None:
    """``start`` reports the first fault, ``check`` finds them all."""
    error = ConfError([Problem("one"), Problem("two")])
    assert str(error) == "one"
    assert len(error.problems) == 2
