from __future__ import annotations

from twisted_kong.plugins.oauth2.schema import at_least_one_flow


def test_there_is_a_way_to_get_a_token() -> None:
    """At least one of the four is switched on."""
    assert at_least_one_flow({"enable_password_grant": True}) is None
    text = at_least_one_flow({"enable_password_grant": False})
    assert text is not None
    assert text.startswith("at least one of these fields must be true: enable_authorization_code, ")
