"""Changes made before there is a Service are carried out once there is one."""

from __future__ import annotations

from tests.kit.pdk import a_context, a_kong
from twisted_kong.core.context import Answer
from twisted_kong.pdk.call import Conf, Draft, Exit
from twisted_kong.pdk.phase import REWRITE


def test_draft_is_carried_out() -> None:
    """What was changed is changed on the way to the Service; what was not stays as it is."""
    context = a_context("/a?q=1")
    upstream = context.upstream
    assert upstream is not None
    draft = Draft()
    draft.method = b"PUT"
    draft.change_headers().set(b"X-A", b"1")
    draft.apply(upstream)
    assert (upstream.method, upstream.path, upstream.query) == (b"PUT", b"/a", b"q=1")
    assert upstream.edits is draft.edits


def test_changes_in_rewrite_go_to_the_draft() -> None:
    """Before routing there is no Service, so a call keeps one draft."""
    kong = a_kong(a_context(routed=False), phase=REWRITE)
    assert kong.call.upstream() is kong.call.upstream()
    assert kong.call.upstream() is kong.call.draft


def test_exit_is_no_exception() -> None:
    """A plugin that catches every Exception does not swallow the end of its phase."""
    assert not issubclass(Exit, Exception)
    assert Exit(Answer(200)).answer.status == 200


def test_conf_is_a_table_with_a_memo() -> None:
    """A configuration reads like a dict and has room for what the plugin derives from it."""
    conf = Conf({"a": 1})
    assert conf["a"] == 1
    assert conf.memo is None
    conf.memo = "ready"
