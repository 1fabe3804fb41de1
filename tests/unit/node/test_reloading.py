"""What a reload takes over, and what waits for a restart."""

from __future__ import annotations

from pathlib import Path

from tests.kit.running import make_conf
from twisted_kong.node.reloading import changed_properties, restart_notes


def test_a_value_written_in_another_way_has_not_changed(tmp_path: Path) -> None:
    """What counts is the meaning; a property that means nothing here is nobody's concern."""
    before = make_conf(tmp_path)
    assert changed_properties(before, make_conf(tmp_path, db_cache_ttl="0.0", lua_socket_pool_size=7)) == []
    assert changed_properties(before, make_conf(tmp_path, pg_host="other")) == ["pg_host"]


def test_only_what_a_reload_does_not_take_over_is_told(tmp_path: Path) -> None:
    """The log level is in force at once, the plugins are not."""
    after = make_conf(tmp_path, log_level="warn", plugins="off")
    assert restart_notes(make_conf(tmp_path), after) == [
        "plugins has changed: restart the node for it to take effect"
    ]
