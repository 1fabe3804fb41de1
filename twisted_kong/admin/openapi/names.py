"""Names of components and operations, made from those of the entities: ``key_sets`` is ``KeySet``."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z0-9]+")

# Words that are plural but for which the rule does not do.
_SINGULARS = {"status": "status", "address": "address", "dns": "dns"}
_ACRONYMS = {"ca": "CA", "sni": "SNI", "acl": "ACL", "jwt": "JWT", "id": "ID", "dns": "DNS"}
_TITLES = {
    "keyauth_credentials": "Key-auth credentials",
    "basicauth_credentials": "Basic-auth credentials",
    "hmacauth_credentials": "HMAC-auth credentials",
    "jwt_secrets": "JWT credentials",
    "oauth2_credentials": "OAuth 2.0 applications",
    "oauth2_tokens": "OAuth 2.0 tokens",
    "acme_storage": "ACME storage",
}
_NOUNS = {"acme_storage": "ACME storage entry"}
_SPOKEN_WITH_VOWEL = {"HMAC-auth"}


def pascal(name: str) -> str:
    """``key_sets`` as ``KeySets``, ``/debug/node/log-level`` as ``DebugNodeLogLevel``."""
    return "".join(word[:1].upper() + word[1:] for word in _WORD.findall(name))


def component(kind: str) -> str:
    """What one entity of a kind is called among the components: ``Service``, ``CaCertificate``."""
    return pascal(singular(kind))


def plural(kind: str) -> str:
    """What many entities of a kind are called in the names of operations: ``Services``."""
    return pascal(kind)


def singular(name: str) -> str:
    """``services`` without its ``s``, as far as it is one of a plural."""
    head, _, last = name.rpartition("_")
    if last not in _SINGULARS and last.endswith("s") and not last.endswith("ss"):
        last = last[:-1]
    return f"{head}_{last}" if head else last


def title(kind: str) -> str:
    """What a kind is called in headings: ``CA certificates``, ``Key sets``."""
    if kind in _TITLES:
        return _TITLES[kind]
    words = [_acronym(word) for word in kind.replace("-", "_").split("_")]
    first = words[0]
    return " ".join([first[:1].upper() + first[1:], *words[1:]])


def noun(kind: str) -> str:
    """One of a kind in a sentence: ``Service``, ``CA certificate``."""
    words = _NOUNS.get(kind) or title(kind)
    return words[:-1] if words.endswith("s") else words


def with_article(words: str) -> str:
    """``a Service``, ``an ACL``: as the first letter is spoken."""
    first = words.split()[0]
    vowel = first[0] in "AEIOU" if not first.isupper() else first[0] in "AEFHILMNORSX"
    return f"{'an' if vowel or first in _SPOKEN_WITH_VOWEL else 'a'} {words}"


def _acronym(word: str) -> str:
    if word in _ACRONYMS:
        return _ACRONYMS[word]
    if word.endswith("s") and word[:-1] in _ACRONYMS:
        return _ACRONYMS[word[:-1]] + "s"
    return word
