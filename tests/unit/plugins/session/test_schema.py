from __future__ import annotations

from typing import Any

from tests.kit.bundled import bundled
from tests.kit.write_context import write_context
from twisted_kong.core.schema.registry import build_schemas

PLUGINS = build_schemas(bundled("session"))["plugins"]


def made(**config: Any) -> dict[str, Any]:
    """The configuration of a new instance."""
    row = PLUGINS.process_insert({"name": "session", "config": config}, write_context())
    shown: dict[str, Any] = row["config"]
    return shown


def test_each_instance_gets_a_secret_of_its_own() -> None:
    """Unless one is given; it stays when the instance is changed."""
    row = PLUGINS.process_insert({"name": "session"}, write_context())
    secret = row["config"]["secret"]
    assert len(secret) == 32
    change = {"name": "session", "config": {"cookie_name": "x"}}
    assert PLUGINS.process_update(change, row, write_context())["config"]["secret"] == secret
    assert made(secret="mine")["secret"] == "mine"


def test_old_names_still_set_what_they_meant() -> None:
    """But for one that means nothing any more."""
    config = made(cookie_lifetime=5, cookie_renew=7, cookie_samesite="Lax")
    assert (config["rolling_timeout"], config["cookie_same_site"]) == (5, "Lax")
    assert "cookie_renew" not in config
