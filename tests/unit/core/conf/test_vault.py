"""References to the environment."""

from __future__ import annotations

import pytest

from twisted_kong.core.conf.vault import UnresolvedReference, full_reference, is_reference, resolve_reference

ENVIRONMENT = {"MY_SECRET": "s3cret", "APP_DB": '{"user": "kong", "port": 5432}', "TEXT": "no json"}


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("{vault://env/my-secret}", "s3cret"),
        ("{vault://env/MY_SECRET}", "s3cret"),
        ("{vault://env/secret?prefix=my_}", "s3cret"),
        ("{vault://env/app-db/user}", "kong"),
        ("{vault://env/app-db/port}", "5432"),
        ("{vault://env/my-secret#2}", "s3cret"),
    ],
)
def test_reference_leads_to_a_variable(reference: str, value: str) -> None:
    """Capitals, underscores, a member of a JSON object, a prefix of its own, a version without meaning."""
    assert resolve_reference(reference, ENVIRONMENT) == value


def test_prefix_of_the_vault() -> None:
    """``vault_env_prefix`` stands before every name."""
    assert resolve_reference("{vault://env/secret}", ENVIRONMENT, "my_") == "s3cret"


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("{vault://env/missing}", "environment variable MISSING is not set"),
        ("{vault://hcv/x}", "vault 'hcv' is not installed, only env is"),
        ("{vault://env}", "not of the form {vault://<vault>/<resource>[/<key>]}"),
        ("{vault://env/text/x}", "environment variable TEXT holds no JSON object"),
        ("{vault://env/app-db/nope}", "the JSON object in APP_DB has no member 'nope'"),
    ],
)
def test_reference_to_nothing_says_why(reference: str, why: str) -> None:
    """The reason never tells a value."""
    with pytest.raises(UnresolvedReference) as error:
        resolve_reference(reference, ENVIRONMENT)
    assert str(error.value) == why


def test_what_is_a_reference() -> None:
    """Braces and scheme make it one."""
    assert is_reference("{vault://env/x}")
    assert not is_reference("vault://env/x")


@pytest.mark.parametrize("text", ["env/x", "vault://env/x", "{vault://env/x}"])
def test_short_forms_for_the_command_line(text: str) -> None:
    """Braces and scheme may be left out there."""
    assert full_reference(text) == "{vault://env/x}"
