"""A text is read as what it is: JSON or YAML, in UTF-8."""

from __future__ import annotations

import pytest

from tests.kit.finishing import finished
from twisted_kong.core.declarative.problems import DocumentError
from twisted_kong.core.declarative.reading import read


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1]}',
        "a: [1]",
        "a:\n- 1\n",
        b"a: [1]",
        "\ufeffa: [1]",
        b'\xef\xbb\xbf{"a": [1]}',
        "{a: [1]}",
        " {'a': [1]}",
    ],
)
def test_forms(text: str | bytes) -> None:
    """JSON, YAML in either style, bytes, with a byte order mark."""
    assert finished(read(text)) == {"a": [1]}


@pytest.mark.parametrize("text", ["", "just words", "[1]", "- a", "1"])
def test_a_document_is_an_object(text: str) -> None:
    """Kong: these words."""
    with pytest.raises(DocumentError, match="expected an object"):
        finished(read(text))


def test_broken_json_is_told_as_such() -> None:
    """YAML would complain of something that nobody wrote."""
    with pytest.raises(DocumentError, match=r"expected ',' \(line 2\)"):
        finished(read('{"a": 1\n"b": 2}'))


def test_other_encodings_are_refused() -> None:
    """With the line of the first byte that cannot be."""
    with pytest.raises(DocumentError, match=r"no UTF-8 \(line 2\)"):
        finished(read(b"a: 1\nb: \xff"))
