from __future__ import annotations

from twisted_kong.core.schema.checks.dictionaries import shm_exists, shm_memory_dictionary
from twisted_kong.core.schema.context import Scope


def test_kongs_own_dictionaries_are_known() -> None:
    """Others are named as missing."""
    assert shm_exists("kong") is None
    assert shm_exists("nope") == "missing shared dict 'nope'"


def test_what_is_kept_in_memory_needs_one() -> None:
    """Whatever else is configured."""
    for name, text in (("kong_db_cache", None), ("nope", "missing shared dict 'nope'")):
        config = {"strategy": "memory", "memory": {"dictionary_name": name}}
        assert shm_memory_dictionary({"config": config}, Scope(1.0)) == text
    assert shm_memory_dictionary({"config": {"strategy": None}}, Scope(1.0)) is None
