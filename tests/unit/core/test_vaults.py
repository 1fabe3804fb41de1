"""References to secrets."""

from __future__ import annotations

from typing import Any

import pytest

from twisted_kong.core.vaults import (
    Reference,
    UnresolvedReference,
    Vaults,
    full_reference,
    installed_vaults,
    is_reference,
    parse_reference,
)

ENVIRONMENT = {
    "MY_SECRET": "s3cret",
    "MY_SECRET_PREVIOUS": "0ld",
    "APP_DB": '{"user": "kong", "port": 5432}',
    "TEXT": "no json",
}
VAULTS = Vaults(ENVIRONMENT)


def entity(name: str = "env", **config: Any) -> dict[str, Any]:
    """A Vault entity."""
    return {"name": name, "config": {"prefix": None, **config}}


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("{vault://env/my-secret}", "s3cret"),
        ("{vault://env/MY_SECRET}", "s3cret"),
        ("{vault://env/secret?prefix=my_}", "s3cret"),
        ("{vault://env/app-db/user}", "kong"),
        ("{vault://env/app-db/port}", "5432"),
        ("{vault://env/my%2Dsecret}", "s3cret"),
        ("{vault://env/my-secret/}", "s3cret"),
        ("{vault://env/my-secret#1}", "s3cret"),
        ("{vault://env/my-secret#2}", "0ld"),
    ],
)
def test_reference_leads_to_a_variable(reference: str, value: str) -> None:
    """Capitals, underscores, a member of a JSON object, a prefix of its own, the version before."""
    assert VAULTS.resolve(reference) == value


def test_prefix_of_the_vault() -> None:
    """``vault_env_prefix`` stands before every name."""
    assert Vaults(ENVIRONMENT, "my_").resolve("{vault://env/secret}") == "s3cret"


def test_entity_has_its_own_prefix() -> None:
    """Not kong.conf's; the reference's own goes before either."""
    vaults, entities = Vaults(ENVIRONMENT, "unused_"), {"mine": entity(prefix="my-"), "plain": entity()}
    assert vaults.resolve("{vault://mine/secret}", entities) == "s3cret"
    assert vaults.resolve("{vault://plain/my-secret}", entities) == "s3cret"
    assert vaults.resolve("{vault://mine/db/user?prefix=app_}", entities) == "kong"


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("{vault://env/missing}", "environment variable MISSING is not set"),
        ("{vault://hcv/x}", "there is no vault 'hcv'"),
        ("{vault://theirs/x}", "vault 'hcv' is not installed"),
        ("{vault://env}", "not of the form {vault://<vault>/<resource>[/<key>]}"),
        ("{vault://env//x}", "not of the form {vault://<vault>/<resource>[/<key>]}"),
        ("{vault://env/my-secret#new}", "not of the form {vault://<vault>/<resource>[/<key>]}"),
        ("{vault://env/text/x}", "environment variable TEXT holds no JSON object"),
        ("{vault://env/app-db/nope}", "the JSON object in APP_DB has no member 'nope'"),
    ],
)
def test_reference_to_nothing_says_why(reference: str, why: str) -> None:
    """The reason never tells a value."""
    with pytest.raises(UnresolvedReference) as error:
        VAULTS.resolve(reference, {"theirs": entity("hcv")})
    assert str(error.value) == why


def test_vaults_that_are_switched_off() -> None:
    """``vaults = off``: nothing leads to the environment then, no entity either."""
    assert installed_vaults(("bundled",)) == installed_vaults(("env",)) == {"env"}
    off = Vaults(ENVIRONMENT, installed=installed_vaults(("off",)))
    with pytest.raises(UnresolvedReference, match="there is no vault 'env'"):
        off.resolve("{vault://env/my-secret}")
    with pytest.raises(UnresolvedReference, match="vault 'env' is not installed"):
        off.resolve("{vault://mine/secret}", {"mine": entity()})


def test_parts_of_a_reference() -> None:
    """The last part of a longer path is the key."""
    parts = parse_reference("{vault://mine/a/b/c?prefix=x_&ttl=5&prefix=y_#3}")
    assert parts == Reference("mine", "a/b", "c", {"prefix": "y_", "ttl": "5"}, 3)


def test_the_environment_is_not_shown() -> None:
    """Vaults may be part of what is logged when something fails."""
    assert "s3cret" not in repr(VAULTS)


def test_what_is_a_reference() -> None:
    """Braces and scheme make it one."""
    assert is_reference("{vault://env/x}")
    assert not is_reference("vault://env/x")
    assert not is_reference("{vault://env/x")
    assert not is_reference(5)


@pytest.mark.parametrize("text", ["env/x", "vault://env/x", "{vault://env/x}"])
def test_short_forms_for_the_command_line(text: str) -> None:
    """Braces and scheme may be left out there."""
    assert full_reference(text) == "{vault://env/x}"
