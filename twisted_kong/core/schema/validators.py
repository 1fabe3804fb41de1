"""The validators a field may carry, in Kong's order and with Kong's texts.

Each builder takes the wanted value from the field's definition and gives a function of the value under
test, which answers what is wrong with it or ``None``.  Types have been checked before they run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted_kong.core.lua_table import scalar
from twisted_kong.core.patterns import compile_pattern
from twisted_kong.core.schema.violations import Violation

Validator = Callable[[Any], Violation | None]
Functions = Mapping[str, Callable[..., Any]]
Definition = Mapping[str, Any]

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
INVALID_UUID = "expected a valid UUID"


class SchemaDefinitionError(ValueError):
    """A schema names something the engine does not know; raised while it is built, never by a request."""


def is_uuid(value: Any) -> bool:
    """Whether a value is the text of a UUID, as Kong understands it (upper case and nil UUID included)."""
    return isinstance(value, str) and _UUID.match(value) is not None


def build_validators(definition: Definition, functions: Functions) -> tuple[Validator, ...]:
    """The validators of a field definition, in the order in which they must run."""
    return tuple(
        build(definition[name], definition, functions)
        for name, build in _BUILDERS.items()
        if definition.get(name) is not None
    )


def function(call: Any, functions: Functions) -> Callable[..., Any]:
    """The function that ``{"fn": name}`` of a definition stands for."""
    name = call["fn"]
    if name not in functions:
        raise SchemaDefinitionError(f"no function named {name!r}")
    return functions[name]


def size(value: Any) -> int:
    """Lua's length: of a text in bytes, of a table in members."""
    return len(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else len(value)


def _equal(wanted: Any, *_: Any) -> Validator:
    text = f"value must be {scalar(wanted)}"
    return lambda value: None if _same(value, wanted) else text


def _not_equal(unwanted: Any, *_: Any) -> Validator:
    text = f"value must not be {scalar(unwanted)}"
    return lambda value: text if _same(value, unwanted) else None


def _same(value: Any, other: Any) -> bool:
    # Lua: true is not 1
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


def _one_of(options: Sequence[Any], *_: Any) -> Validator:
    text = f"expected one of: {', '.join(map(scalar, options))}"
    return lambda value: None if value in options else text


def _not_one_of(options: Sequence[Any], *_: Any) -> Validator:
    text = f"must not be one of: {', '.join(map(scalar, options))}"
    return lambda value: text if value in options else None


def _greater(limit: float, *_: Any) -> Validator:
    text = f"value must be greater than {scalar(limit)}"
    return lambda value: None if value > limit else text


def _timestamp(_wanted: bool, *_: Any) -> Validator:
    return lambda value: None if value > 0 else "expected a valid timestamp"


def _uuid(_wanted: bool, *_: Any) -> Validator:
    return lambda value: None if _UUID.match(value) is not None else INVALID_UUID


def _is_regex(_wanted: bool, *_: Any) -> Validator:
    def validate(value: str) -> str | None:
        try:
            compile_pattern(value)
        except ValueError:
            return f"not a valid regex: {value}"
        return None

    return validate


def _between(limits: Sequence[float], *_: Any) -> Validator:
    low, high = limits
    # Kong: fractions are cut off in the text
    text = f"value should be between {int(low)} and {int(high)}"
    return lambda value: None if low <= value <= high else text


def _len_eq(wanted: int, *_: Any) -> Validator:
    return lambda value: None if size(value) == wanted else f"length must be {wanted}"


def _len_min(wanted: int, *_: Any) -> Validator:
    text = f"length must be at least {wanted}"
    return lambda value: None if size(value) >= wanted else text


def _len_max(wanted: int, *_: Any) -> Validator:
    text = f"length must be at most {wanted}"
    return lambda value: None if size(value) <= wanted else text


def _starts_with(prefix: str, *_: Any) -> Validator:
    text = f"should start with: {prefix}"
    return lambda value: None if value.startswith(prefix) else text


def _match(regex: str, *_: Any) -> Validator:
    pattern = compile_pattern(regex)
    return lambda value: None if pattern.search(value) else f"invalid value: {value}"


def _not_match(regex: str, *_: Any) -> Validator:
    pattern = compile_pattern(regex)
    return lambda value: f"invalid value: {value}" if pattern.search(value) else None


def _match_each(rules: Sequence[Definition], unwanted: bool) -> Validator:
    compiled = [(compile_pattern(rule["regex"]), rule.get("err")) for rule in rules]

    def validate(value: str) -> str | None:
        for pattern, text in compiled:
            if (pattern.search(value) is not None) is unwanted:
                return text or f"invalid value: {value}"
        return None

    return validate


def _match_any(rule: Definition, *_: Any) -> Validator:
    patterns = [compile_pattern(regex) for regex in rule["regexes"]]
    text = rule.get("err")

    def validate(value: str) -> str | None:
        if any(pattern.search(value) for pattern in patterns):
            return None
        return text or f"invalid value: {value}"

    return validate


def _contains(wanted: Any, *_: Any) -> Validator:
    text = f"expected to contain: {scalar(wanted)}"
    return lambda value: None if wanted in value else text


def _check(call: Any, _definition: Definition, functions: Functions) -> Validator:
    return function(call, functions)


def _exclusive_subsets(subsets: Sequence[Sequence[Any]], *_: Any) -> Validator:
    def validate(value: Sequence[Any]) -> str | None:
        touched: list[Sequence[Any]] = []
        for member in value:
            touched += [subset for subset in subsets if member in subset and subset not in touched]
        if len(touched) < 2:
            return None
        sets = ", ".join("(" + ", ".join(f"'{member}'" for member in subset) + ")" for subset in touched)
        return f"these sets are mutually exclusive: {sets}"

    return validate


Builder = Callable[[Any, Definition, Functions], Validator]

# In Kong's order.  Kong's ``match`` takes a Lua pattern; definitions here hold the same as ``regex``, and
# its ``custom_validator`` as ``check``.
_BUILDERS: Mapping[str, Builder] = {
    "eq": _equal,
    "ne": _not_equal,
    "not_one_of": _not_one_of,
    "one_of": _one_of,
    "gt": _greater,
    "timestamp": _timestamp,
    "uuid": _uuid,
    "is_regex": _is_regex,
    "between": _between,
    "len_eq": _len_eq,
    "len_min": _len_min,
    "len_max": _len_max,
    "starts_with": _starts_with,
    "not_match": _not_match,
    "match_none": lambda rules, *_: _match_each(rules, unwanted=True),
    "regex": _match,
    "match_all": lambda rules, *_: _match_each(rules, unwanted=False),
    "match_any": _match_any,
    "contains": _contains,
    "check": _check,
    "custom_validator": _check,
    "mutually_exclusive_subsets": _exclusive_subsets,
}
