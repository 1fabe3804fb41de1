"""``resolv.conf`` and ``hosts``."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted_kong.core.names.system_files import ResolvConf, parse_hosts, parse_resolv_conf

TEXT = """
# whoever wrote this
domain old.test
nameserver 10.0.0.1   ; the first
nameserver fe80::1%eth0
nameserver nonsense
search a.test. b.test
options ndots:3 timeout:7 attempts:2 rotate ndots:x
sortlist 10.0.0.0
"""


def test_what_is_understood() -> None:
    """And the rest is passed over."""
    assert parse_resolv_conf(TEXT) == ResolvConf(
        (("10.0.0.1", 53), ("fe80::1%eth0", 53)), ("a.test", "b.test"), 3, 7.0, 2
    )


def test_what_holds_without_a_word() -> None:
    """Kong's defaults; 0 is none."""
    assert parse_resolv_conf("") == ResolvConf((), (), 1, 2.0, 5)
    assert parse_resolv_conf("options timeout:0 attempts:0") == ResolvConf()
    assert parse_resolv_conf("search .") == ResolvConf()


def test_candidates() -> None:
    """A name with enough dots first as it is; one that ends in a dot only as it is."""
    conf = ResolvConf(search=("x.test", "y.test"), ndots=2)
    assert conf.candidates("a.b.c") == ("a.b.c", "a.b.c.x.test", "a.b.c.y.test")
    assert conf.candidates("a.b") == ("a.b.x.test", "a.b.y.test", "a.b")
    assert conf.candidates("a.") == ("a",)
    assert ResolvConf().candidates("a") == ("a",)


def test_hosts() -> None:
    """Names have no case, lines add up, and localhost is always there."""
    text = "127.0.0.1 A.test a # one\n::1 a.test\n127.0.0.1 a.test\nnonsense b.test\n10.0.0.1\n"
    assert parse_hosts(text) == {
        "a.test": ("127.0.0.1", "::1"),
        "a": ("127.0.0.1",),
        "localhost": ("127.0.0.1", "::1"),
    }
    assert parse_hosts("10.0.0.1 localhost")["localhost"] == ("10.0.0.1",)


@given(st.text())
def test_nothing_in_them_is_an_error(text: str) -> None:
    """Both are the operator's files, and other programs read them too."""
    parse_hosts(text)
    conf = parse_resolv_conf(text)
    assert conf.timeout > 0
    assert conf.attempts > 0
