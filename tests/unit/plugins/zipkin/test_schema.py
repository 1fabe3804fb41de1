from __future__ import annotations

from twisted_kong.plugins.zipkin.schema import unique_tag_names


def test_no_tag_is_named_twice() -> None:
    """The first that is gets named."""
    tags = [{"name": name, "value": "v"} for name in ("a", "b", "a", "b")]
    assert unique_tag_names(tags[:2]) is None
    assert unique_tag_names(tags) == "repeated tags are not allowed: a"
