"""What is said of a field: what it means, and what JSON Schema has no word for."""

from __future__ import annotations

from typing import Any

from twisted_kong.admin.openapi.checks import WORDS, function_of
from twisted_kong.admin.openapi.field_texts import FIELD_TEXTS
from twisted_kong.core.schema.validators import Definition


def told_of(definition: Definition, path: str) -> str:
    """The description of the field with a dotted name, in whole sentences; empty if there is none."""
    sentences = [meaning_of(path), WORDS.get(function_of(definition), "")]
    if "deprecated" in definition:
        sentences.append(_replacement(definition["deprecated"]))
    if definition.get("unique"):
        sentences.append("Unique.")
    if definition.get("immutable"):
        sentences.append("Cannot be changed later.")
    if definition.get("referenceable"):
        sentences.append("May refer to a secret: `{vault://…}`.")
    if definition.get("is_regex"):
        sentences.append("A regular expression.")
    if "mutually_exclusive_subsets" in definition:
        sets = " or ".join(", ".join(f"`{each}`" for each in one) for one in definition[_EXCLUSIVE])
        sentences.append(f"Only from one of these: {sets}.")
    sentences += [f"{rule['err'][:1].upper()}{rule['err'][1:]}." for rule in _worded(definition)]
    return " ".join(filter(None, sentences))


_EXCLUSIVE = "mutually_exclusive_subsets"


def meaning_of(path: str) -> str:
    """The text for the longest ending of a dotted name that there is one for."""
    if path.endswith("[]"):
        # an element: said of the whole list
        return ""
    parts = path.replace("[]", "").split(".")
    for start in range(len(parts)):
        text = FIELD_TEXTS.get(".".join(parts[start:]))
        if text is not None:
            return text
    return ""


def checks_in_words(definition: Definition) -> list[str]:
    """The checks over several fields of a record, one sentence each."""
    sentences = []
    for check in definition.get("entity_checks", ()):
        ((name, argument),) = check.items()
        told = _CHECKS.get(name)
        if told is not None:
            sentences.append(told(argument))
    return sentences


def _worded(definition: Definition) -> list[Definition]:
    """The rules with a text of their own that a pattern may not be able to say."""
    rules = [*definition.get("match_none", ()), *definition.get("match_all", ())]
    if "match_any" in definition:
        rules.append(definition["match_any"])
    return [rule for rule in rules if rule.get("err")]


def _replacement(deprecated: Definition) -> str:
    names = deprecated.get("replaced_with", ())
    return f"Deprecated: use {_listed(names)}." if names else "Deprecated."


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _conditional(argument: Definition) -> str:
    then = argument.get("then_err")
    if then:
        return f"{then[:1].upper()}{then[1:]}."
    condition = _match_in_words(argument["if_match"])
    consequence = _match_in_words(argument["then_match"])
    return f"Where `{argument['if_field']}` {condition}, `{argument['then_field']}` {consequence}."


def _match_in_words(match: Definition) -> str:
    if "one_of" in match:
        return f"is one of {_listed(match['one_of'])}"
    if "not_one_of" in match:
        return f"is none of {_listed(match['not_one_of'])}"
    if "eq" in match:
        return "must not be set" if match["eq"] is None else f"is `{match['eq']}`"
    if "ne" in match:
        return "is set" if match["ne"] is None else f"is not `{match['ne']}`"
    if match.get("required"):
        return "must be set"
    if "regex" in match:
        return f"is `{match['regex'].strip('^$')}`"
    if "contains" in match:
        return f"holds `{match['contains']}`"
    limits = [f"at least {match['gt']}" if "gt" in match else "", _between(match)]
    return " and ".join(filter(None, limits)) or "is as the plugin wants"


def _between(match: Definition) -> str:
    return "is between {} and {}".format(*match["between"]) if "between" in match else ""


def _one_of_these(argument: Definition) -> str:
    names = _listed(argument["then_at_least_one_of"])
    text = argument.get("then_err", "must set one of %s").replace("%s", names)
    return f"{text[:1].upper()}{text[1:]}."


_CHECKS = {
    "at_least_one_of": lambda names: f"At least one of {_listed(names)} must be set.",
    "only_one_of": lambda names: f"Exactly one of {_listed(names)} must be set.",
    "mutually_exclusive": lambda names: f"Only one of {_listed(names)} may be set.",
    "mutually_required": lambda names: f"{_listed(names)} must be set together or not at all.",
    "distinct": lambda names: f"{_listed(names)} must differ.",
    "conditional": _conditional,
    "conditional_at_least_one_of": _one_of_these,
}
