"""The file of parameters for key exchange over a finite field."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.running import make_conf
from twisted_kong.core.finite_field import parameters
from twisted_kong.node.dh_parameters import are_parameters, dh_file, dh_path
from twisted_kong.node.prefix import PrefixError


def test_a_named_group_is_kept_below_the_prefix(tmp_path: Path) -> None:
    """That of the suite; written once."""
    conf = make_conf(tmp_path, ssl_cipher_suite="intermediate")
    path = dh_file(conf)
    assert path == conf.paths.below("ssl/ffdhe2048.pem")
    assert Path(path).read_text() == parameters("ffdhe2048")
    written = Path(path).stat().st_mtime_ns
    assert dh_file(conf) == path
    assert Path(path).stat().st_mtime_ns == written
    Path(path).write_text("half")
    assert dh_file(conf) == path


def test_custom_names_a_group_a_file_or_the_text_itself(tmp_path: Path) -> None:
    """Or nothing, and then there are no such ciphers."""
    assert dh_file(make_conf(tmp_path, ssl_cipher_suite="custom")) is None
    assert dh_file(make_conf(tmp_path, ssl_cipher_suite="modern")) is None
    file = tmp_path / "own.pem"
    file.write_text(parameters("ffdhe2048"))
    named = make_conf(tmp_path, ssl_cipher_suite="custom", ssl_dhparam=str(file))
    assert dh_file(named) == str(file)
    assert dh_path(named) == str(file)
    assert are_parameters(str(file))
    text = dh_file(make_conf(tmp_path, ssl_cipher_suite="custom", ssl_dhparam=parameters("ffdhe2048")))
    assert text == named.paths.below("ssl/dhparam.pem")
    group = dh_file(make_conf(tmp_path, ssl_cipher_suite="custom", ssl_dhparam="ffdhe3072"))
    assert group is not None
    assert Path(group).read_text() == parameters("ffdhe3072")


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    """When the node starts, not when a client comes."""
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("nonsense")
    for path in (str(wrong), str(tmp_path / "missing.pem")):
        conf = make_conf(tmp_path, ssl_cipher_suite="custom", ssl_dhparam=path)
        with pytest.raises(PrefixError, match="see ssl_dhparam"):
            dh_file(conf)
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(PrefixError, match="cannot write"):
        dh_file(make_conf(blocked / "prefix", prefix=str(blocked / "prefix")))
