"""How a node looks names up."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.task import Clock

from tests.kit.running import make_conf
from twisted_kong.service.names import make_names


def test_the_files_of_the_system_count(tmp_path: Path) -> None:
    """The hosts file answers at once; neither file need be there, nor a name server be named."""
    hosts = tmp_path / "hosts"
    hosts.write_text("10.0.0.1 a.test\n")
    conf = make_conf(tmp_path, dns_hostsfile=hosts)
    hosts.write_text("10.0.0.2 a.test\n")
    names = make_names(conf, Clock(), Clock(), tmp_path / "none")
    assert names.resolve("a.test") == ("10.0.0.2",)
    hosts.unlink()
    again = make_names(conf, Clock(), Clock(), tmp_path / "none")
    assert again.resolve("localhost") == ("127.0.0.1",)
