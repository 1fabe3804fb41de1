"""What the names of a block tell, and the pattern that a shape met often becomes."""

from __future__ import annotations

import pytest

from twisted_kong.core.http1.shapes import OFTEN, WIDEST, Shape

SPECIAL = frozenset((b"host", b"via"))


def a_shape(*spelled: bytes, met: int = OFTEN) -> Shape:
    """A shape that was met so often."""
    shape = Shape(spelled, [name.lower() for name in spelled], SPECIAL)
    for _ in range(met):
        shape.meet()
    return shape


def test_names_and_their_places() -> None:
    """Each name has its lines; those the proxy deals with are told from those that go on."""
    shape = a_shape(b"Host", b"X", b"x", b"Via")
    assert shape.places == {b"host": (0,), b"x": (1, 2), b"via": (3,)}
    assert shape.special == SPECIAL
    assert shape.kept == [1, 2]
    assert not shape.framed
    assert a_shape(b"Content-Length").framed
    assert a_shape(b"transfer-encoding").framed


def test_a_pattern_finds_values_and_what_goes_on() -> None:
    """Runs of lines that go on are found whole, with the value of every line."""
    shape = a_shape(b"Host", b"X", b"Y", b"Via", b"Z")
    assert shape.look is not None
    found = shape.look(b"Host: a\r\nX:\t1 \r\nY:\r\nVia: v\r\nZ: \xe9\r\n")
    assert found is not None
    values = {name: found[group] for name, group in shape.single.items()}
    assert values == {b"host": b" a", b"x": b"\t1 ", b"y": b"", b"via": b" v", b"z": b" \xe9"}
    assert [found[run] for run in shape.runs] == [b"X:\t1 \r\nY:\r\n", b"Z: \xe9\r\n"]


def test_a_field_sent_twice_is_no_single_one() -> None:
    """Which of two is meant is for others to say."""
    assert a_shape(b"X", b"x", b"Y").single.keys() == {b"y"}


@pytest.mark.parametrize(
    "raw",
    [
        b"Host: a\r\nX: 1\r\nY: 2\r\n",
        b"Host: a\r\n",
        b"",
        b"host: a\r\nX: 1\r\n",
        b"Host : a\r\nX: 1\r\n",
        b"Host: a\nX: 1\r\n",
        b"Host: a\r\nX: 1\n",
        b"Host: a\r\nX: 1",
        b"Host: a\r\nX: 1\r\r\n",
        b"Host: a\r\nX: 1\r\n\r\n",
        b"Host: a\r\nX: \x00\r\n",
        b"Host: a\r\nX: \x7f\r\n",
        b"Host: a\r\nX: 1\r\n 2\r\n",
        b" Host: a\r\nX: 1\r\n",
    ],
)
def test_a_pattern_takes_nothing_else(raw: bytes) -> None:
    """Other names, other spellings and whatever breaks a rule are left to those who can tell why."""
    shape = a_shape(b"Host", b"X")
    assert shape.look is not None
    assert shape.look(b"Host: a\r\nX: 1\r\n") is not None
    assert shape.look(raw) is None


def test_names_are_no_patterns() -> None:
    """A dot in a name stands for itself."""
    shape = a_shape(b"X.Y*")
    assert shape.look is not None
    assert shape.look(b"X.Y*: 1\r\n") is not None
    assert shape.look(b"XaYY: 1\r\n") is None


def test_patterns_are_for_shapes_met_often() -> None:
    """Whoever sends ever new shapes, or endless ones, cannot make us compile them."""
    assert a_shape(b"X", met=OFTEN - 1).look is None
    assert a_shape(met=OFTEN).look is None
    assert a_shape(*[b"X"] * (WIDEST + 1)).look is None
