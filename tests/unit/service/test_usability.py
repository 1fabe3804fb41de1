"""Whether a node can run with a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.running import make_conf
from twisted_kong.core.conf.problems import ConfError
from twisted_kong.service.usability import require_usable, usability_problems


def test_all_that_is_in_the_way_is_told_at_once(tmp_path: Path) -> None:
    """What this version lacks, files, plugins and log formats, so that one check is enough."""
    conf = make_conf(
        tmp_path,
        database="cassandra",
        admin_listen="0.0.0.0:8001",
        error_template_html="/nowhere",
        plugins="nonsense",
        proxy_access_log=f"{tmp_path}/a.log nonsense",
    )
    assert [problem.message.split()[0] for problem in usability_problems(conf)] == [
        "database",
        "admin_listen:",
        "error_template_html:",
        "plugin",
        "proxy_access_log:",
    ]
    with pytest.raises(ConfError, match="database = cassandra"):
        require_usable(conf)


def test_what_can_be_used_is_let_pass(tmp_path: Path) -> None:
    """Also where no access log is written at all."""
    require_usable(make_conf(tmp_path))
