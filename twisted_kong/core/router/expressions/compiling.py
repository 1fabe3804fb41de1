"""Making functions of a tree: one closure per node, which judges a request without looking at the tree again.

No code is made of anything that a user wrote: values are held by the closures.
How deep closures call one another is bounded by the limits of :mod:`.parsing`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted_kong.core.router.expressions.fields import ALWAYS_LOWER, Request, is_multiple, lower, reader_of
from twisted_kong.core.router.expressions.syntax import And, Field, Node, Not, Operator, Or, Predicate
from twisted_kong.core.router.regexes import Captures, captures_of, compile_regex, decode

Test = Callable[[Request], bool]
Comparison = Callable[[Any], bool]


def compile_test(node: Node) -> Test:
    """Whether a request satisfies a tree that was checked."""
    if isinstance(node, Predicate):
        return _compile_predicate(node)
    if isinstance(node, Not):
        inner = compile_test(node.part)
        return lambda request: not inner(request)
    tests = tuple(compile_test(part) for part in node.parts)
    return _every(tests) if isinstance(node, And) else _some(tests)


def _every(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda request: first(request) and second(request)

    def test(request: Request) -> bool:
        for each in tests:  # noqa: SIM110 - all() with a generator takes twice as long
            if not each(request):
                return False
        return True

    return test


def _some(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda request: first(request) or second(request)

    def test(request: Request) -> bool:
        for each in tests:  # noqa: SIM110 - as above
            if each(request):
                return True
        return False

    return test


def _compile_predicate(predicate: Predicate) -> Test:
    field = predicate.field
    read = reader_of(field.name)
    holds = _comparison(predicate)
    if field.lower and field.name not in ALWAYS_LOWER:
        holds = _lowered(holds)
    if not is_multiple(field.name):

        def test(request: Request) -> bool:
            value = read(request)
            return value is not None and holds(value)

        return test
    if field.any:
        return lambda request: any(map(holds, read(request)))

    def test_all(request: Request) -> bool:
        values = read(request)
        return bool(values) and all(map(holds, values))

    return test_all


def _lowered(holds: Comparison) -> Comparison:
    return lambda value: holds(lower(value))


def _comparison(predicate: Predicate) -> Comparison:
    value: Any = predicate.value
    if isinstance(value, str):
        return _TEXTUAL[predicate.operator](value)
    return _OTHER[predicate.operator](value)


def _regex(pattern: str) -> Comparison:
    search = compile_regex(pattern).search
    return lambda value: search(value) is not None


def _prefix(text: str) -> Comparison:
    start = text.encode("utf-8")
    return lambda value: value.startswith(start)


def _suffix(text: str) -> Comparison:
    end = text.encode("utf-8")
    return lambda value: value.endswith(end)


def _contains(text: str) -> Comparison:
    part = text.encode("utf-8")
    return lambda value: part in value


def _is(text: str) -> Comparison:
    return text.encode("utf-8").__eq__


def _is_not(text: str) -> Comparison:
    return text.encode("utf-8").__ne__


_TEXTUAL: dict[Operator, Callable[[str], Comparison]] = {
    Operator.EQUAL: _is,
    Operator.NOT_EQUAL: _is_not,
    Operator.REGEX: _regex,
    Operator.PREFIX: _prefix,
    Operator.SUFFIX: _suffix,
    Operator.CONTAINS: _contains,
}
_OTHER: dict[Operator, Callable[[Any], Comparison]] = {
    Operator.EQUAL: lambda wanted: lambda value: value == wanted,
    Operator.NOT_EQUAL: lambda wanted: lambda value: value != wanted,
    Operator.GREATER: lambda bound: lambda value: value > bound,
    Operator.GREATER_EQUAL: lambda bound: lambda value: value >= bound,
    Operator.LESS: lambda bound: lambda value: value < bound,
    Operator.LESS_EQUAL: lambda bound: lambda value: value <= bound,
    Operator.IN: lambda network: lambda value: value in network,
    Operator.NOT_IN: lambda network: lambda value: value not in network,
}


class PathFound:
    """What an expression has matched of the path: ``prefix`` as far as it can be stripped, and captures."""

    __slots__ = ("captures", "prefix")

    def __init__(self) -> None:
        self.prefix: str | None = None
        self.captures: Captures | None = None


Look = Callable[[Request, PathFound], None]


def compile_look(node: Node) -> Look | None:
    """What tells what a tree, which is true of a request, has matched of its path; None if it asks for none.

    The last comparison counts, of ``||`` in the first part that is true; there is none in a negation.
    """
    if isinstance(node, Predicate):
        note = _NOTES.get(node.operator) if node.field.name == "http.path" else None
        return None if note is None else note(node)
    if isinstance(node, Not):
        return None
    looks = [compile_look(part) for part in node.parts]
    if not any(looks):
        return None
    return _look_at_all(looks) if isinstance(node, And) else _look_at_first(node, looks)


def _look_at_all(looks: list[Look | None]) -> Look:
    some = tuple(look for look in looks if look is not None)
    if len(some) == 1:
        return some[0]

    def look_at_all(request: Request, found: PathFound) -> None:
        for look in some:
            look(request, found)

    return look_at_all


def _look_at_first(node: Or, looks: list[Look | None]) -> Look:
    tests = tuple(compile_test(part) for part in node.parts)

    def look_at_first(request: Request, found: PathFound) -> None:
        for test, look in zip(tests, looks, strict=True):
            if test(request):
                if look is not None:
                    look(request, found)
                return

    return look_at_first


def _note_text(predicate: Predicate) -> Look:
    length = len(str(predicate.value).encode("utf-8"))
    field = predicate.field

    def note(request: Request, found: PathFound) -> None:
        found.prefix = _beginning(request, field, length)

    return note


def _note_regex(predicate: Predicate) -> Look:
    regex = compile_regex(str(predicate.value))
    field = predicate.field

    def note(request: Request, found: PathFound) -> None:
        match = regex.search(lower(request.raw) if field.lower else request.raw)
        start, end = match.span()
        # Only what was matched at the start can be stripped.
        found.prefix = None if start else _beginning(request, field, end)
        found.captures = captures_of(match)

    return note


_NOTES: dict[Operator, Callable[[Predicate], Look]] = {
    Operator.EQUAL: _note_text,
    Operator.PREFIX: _note_text,
    Operator.REGEX: _note_regex,
}


def _beginning(request: Request, field: Field, length: int) -> str | None:
    """That many bytes of the path; None where its lower-case form, which was matched, is of other length."""
    raw = request.raw
    if field.lower and not raw.isascii() and len(lower(raw)) != len(raw):
        return None
    return decode(raw[:length])
