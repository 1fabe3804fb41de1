from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from twisted_kong.core.schema.checks.jwks import check_key_material, load_public_jwk
from twisted_kong.core.schema.context import Scope

SCOPE = Scope(1.0)
NO_KEY = "could not load JWK, likely not a valid key"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def elliptic() -> dict[str, Any]:
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = (encoded(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "kid": "k", "x": x, "y": y}


def edwards() -> dict[str, Any]:
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "kid": "k",
        "x": encoded(public.public_bytes(Encoding.Raw, PublicFormat.Raw)),
    }


RSA = {"kty": "RSA", "kid": "k", "n": encoded(((1 << 2047) + 1).to_bytes(256)), "e": "AQAB"}


@pytest.mark.parametrize("jwk", [elliptic(), edwards(), RSA], ids=["EC", "OKP", "RSA"])
def test_public_keys_of_each_kind_load(jwk: dict[str, Any]) -> None:
    """RSA, elliptic curves and Edwards curves."""
    assert check_key_material({"kid": "k", "jwk": json.dumps(jwk)}, SCOPE) is None


@pytest.mark.parametrize(
    ("jwk", "text"),
    [
        ("x", "could not json decode jwk string"),
        ("[1]", "kid in jwk.kid must be equal to keys.kid"),
        ({**RSA, "kid": "other"}, "kid in jwk.kid must be equal to keys.kid"),
        ({"kty": "oct", "kid": "k", "k": "c2VjcmV0"}, NO_KEY),
        ({"kty": "RSA", "kid": "k"}, NO_KEY),
        ({"kty": "RSA", "kid": "k", "n": 5, "e": "AQAB"}, NO_KEY),
        ({"kty": "RSA", "kid": "k", "n": "a", "e": "AQAB"}, NO_KEY),
        ({"kty": "EC", "crv": "P-0", "kid": "k", "x": "AA", "y": "AA"}, NO_KEY),
        ({"kty": "EC", "crv": "P-256", "kid": "k", "x": "AA", "y": "AA"}, NO_KEY),
        ({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "AA"}, NO_KEY),
        ({"kty": [], "kid": "k"}, NO_KEY),
    ],
)
def test_what_is_no_key_is_said_so(jwk: Any, text: str) -> None:
    """In Kong's words; a symmetric key is none."""
    given = jwk if isinstance(jwk, str) else json.dumps(jwk)
    assert check_key_material({"kid": "k", "jwk": given}, SCOPE) == text


@pytest.mark.parametrize("jwk", [None, "{vault://env/jwk}"])
def test_what_is_not_known_is_not_judged(jwk: str | None) -> None:
    """A key may be given as PEM, or lie in a vault."""
    assert check_key_material({"kid": "k", "jwk": jwk}, SCOPE) is None


def test_loading_fails_with_one_error() -> None:
    """Whatever is wrong."""
    with pytest.raises(ValueError, match=NO_KEY):
        load_public_jwk({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"} | {"x": None})
