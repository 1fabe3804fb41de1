"""Reads YAML to plain values, event by event.

The parser is PyYAML's, libyaml's own where that is there; what its events mean is decided here: no tags but
those of the plain types, every alias counted for all that it repeats, no key twice, merge keys (``<<``)
heeded.  So a text of a few hundred bytes cannot stand for more values than the limits allow, nothing is ever
constructed but dictionaries, lists and scalars, and a reader may rest between any two events.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import yaml

from twisted_kong.core.declarative.limits import DEFAULT, Budget, Limits
from twisted_kong.core.declarative.problems import DocumentError
from twisted_kong.core.declarative.scalars import NotFinite, resolved

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# After how many events whoever drives the reader may rest.
STEP = 200

_CORE = "tag:yaml.org,2002:"
_MERGE = "<<"
# Keys that are no text are written as JSON would have them.
_KEY_WORDS = {None: "null", True: "true", False: "false"}


def read_yaml(text: str, limits: Limits = DEFAULT) -> Generator[None, None, Any]:
    """The value of the only document in a text; None of an empty one.

    :raises DocumentError: with the line, counted from 1.
    """
    builder = _Builder(limits)
    events = iter(_events(text))
    while True:
        for _ in range(STEP):
            event = next(events, None)
            if event is None:
                return builder.value
            builder.take(event)
        yield


def _events(text: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is no YAML"
        raise DocumentError(str(reason), None if mark is None else mark.line + 1) from None
    except RecursionError:
        raise DocumentError("the document is nested too deep") from None


class _Node:
    """A list or mapping that is being read, or a mapping's key that waits for its value."""

    __slots__ = ("anchor", "key", "line", "merged", "merging", "size", "value")

    def __init__(self, value: dict[str, Any] | list[Any], anchor: str | None, line: int) -> None:
        self.value = value
        self.anchor = anchor
        self.line = line
        self.key: str | None = None
        self.merging = False
        self.merged: dict[str, Any] = {}
        self.size = 1


class _Builder:
    """Puts a value together from events."""

    def __init__(self, limits: Limits) -> None:
        self._budget = Budget(limits)
        self._open: list[_Node] = []
        # by anchor: the value, and how many values it is made of
        self._anchored: dict[str, tuple[Any, int]] = {}
        self._documents = 0
        self.value: Any = None

    def take(self, event: Any) -> None:
        """Go on by one event."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._budget.spend(1)
            value = _scalar(event)
            if event.anchor is not None:
                self._anchored[event.anchor] = (value, 1)
            self._put(value, 1, event, is_plain=event.implicit[0])
        elif kind is yaml.MappingStartEvent:
            self._begin({}, event)
        elif kind is yaml.SequenceStartEvent:
            self._begin([], event)
        elif kind in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
            self._end(event)
        elif kind is yaml.AliasEvent:
            self._repeat(event)
        elif kind is yaml.DocumentStartEvent:
            self._documents += 1
            if self._documents > 1:
                raise DocumentError("expected one document, found another", _line(event))

    def _begin(self, value: dict[str, Any] | list[Any], event: Any) -> None:
        line = _line(event)
        _check_tag(event, "map" if isinstance(value, dict) else "seq")
        if self._open and isinstance(self._open[-1].value, dict) and self._awaits_key(self._open[-1]):
            raise DocumentError("a key must be a text", line)
        self._budget.spend(1, line)
        self._budget.descend(len(self._open) + 1, line)
        self._open.append(_Node(value, event.anchor, line))

    def _end(self, event: Any) -> None:
        node = self._open.pop()
        if node.merged:
            assert isinstance(node.value, dict)
            # what the mapping says itself counts more, in its own order
            node.value = {**node.merged, **node.value}
        if node.anchor is not None:
            self._anchored[node.anchor] = (node.value, node.size)
        self._put(node.value, node.size, event)

    def _repeat(self, event: Any) -> None:
        found = self._anchored.get(event.anchor)
        if found is None:
            raise DocumentError(f"there is no anchor '{event.anchor}' before it", _line(event))
        value, size = found
        self._budget.spend(size, _line(event))
        self._put(value, size, event)

    def _put(self, value: Any, size: int, event: Any, *, is_plain: bool = False) -> None:
        """Put a value where it belongs: into the list or mapping that is open, as a key, or at the top."""
        if not self._open:
            self.value = value
            return
        node = self._open[-1]
        node.size += size
        if isinstance(node.value, list):
            node.value.append(value)
        elif self._awaits_key(node):
            self._put_key(node, value, event, is_plain)
        elif node.merging:
            self._merge(node, value, event)
        else:
            assert node.key is not None
            node.value[node.key], node.key = value, None

    @staticmethod
    def _awaits_key(node: _Node) -> bool:
        return node.key is None and not node.merging

    @staticmethod
    def _put_key(node: _Node, value: Any, event: Any, is_plain: bool) -> None:
        if value == _MERGE and is_plain:
            node.merging = True
            return
        key = value if isinstance(value, str) else _key_of(value, event)
        if key in node.value:
            raise DocumentError(f"the key '{key}' is there twice", _line(event))
        node.key = key

    @staticmethod
    def _merge(node: _Node, value: Any, event: Any) -> None:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise DocumentError("'<<' wants a mapping, or a list of them", _line(event))
        # of several the first counts most; never all that was merged before is copied for the next
        for source in sources:
            for key, member in source.items():
                node.merged.setdefault(key, member)
        node.merging = False


def _scalar(event: Any) -> Any:
    text: str = event.value
    tag: str | None = event.tag
    if tag == "!" or (tag is None and not event.implicit[0]):
        return text
    if tag is None:
        try:
            return resolved(text)
        except NotFinite:
            raise DocumentError(f"{text} is no number that a field can hold", _line(event)) from None
    if tag == f"{_CORE}str":
        return text
    for name, kinds in _TAGGED.items():
        if tag == _CORE + name and isinstance(value := _resolved_or_text(text), kinds):
            return float(text.replace("_", "")) if name == "float" else value
    raise DocumentError(f"'{text[:50]}' cannot be of the type '{tag}'", _line(event))


_TAGGED: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (float,),
    "null": (type(None),),
}


def _resolved_or_text(text: str) -> Any:
    try:
        return resolved(text)
    except NotFinite:
        return text


def _check_tag(event: Any, kind: str) -> None:
    if event.tag not in (None, "!", _CORE + kind):
        raise DocumentError(f"a value cannot be of the type '{event.tag}'", _line(event))


def _key_of(value: Any, event: Any) -> str:
    """A key that is no text, as JSON would have it."""
    if isinstance(value, (dict, list)):
        raise DocumentError("a key must be a text", _line(event))
    if value is None or isinstance(value, bool):
        return _KEY_WORDS[value]
    return str(value)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
