"""Checks of JSON Web Keys (RFC 7517, 7518, 8037), with Kong's texts."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x448, x25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from twisted_kong.core.schema.context import Scope
from twisted_kong.core.vaults import is_reference

_NO_KEY = "could not load JWK, likely not a valid key"
_CURVES: Mapping[str, Callable[[], ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
}
_EDWARDS: Mapping[str, Callable[[bytes], PublicKeyTypes]] = {
    "Ed25519": ed25519.Ed25519PublicKey.from_public_bytes,
    "Ed448": ed448.Ed448PublicKey.from_public_bytes,
    "X25519": x25519.X25519PublicKey.from_public_bytes,
    "X448": x448.X448PublicKey.from_public_bytes,
}


def check_key_material(record: Mapping[str, Any], scope: Scope) -> str | None:
    """Whether a key's material can be used: its JWK loads and names the key's own ``kid``."""
    text = record.get("jwk")
    if text is None or is_reference(text):
        return None
    try:
        jwk = json.loads(text)
    except ValueError:
        return "could not json decode jwk string"
    if not isinstance(jwk, dict) or jwk.get("kid") != record.get("kid"):
        return "kid in jwk.kid must be equal to keys.kid"
    try:
        load_public_jwk(jwk)
    except ValueError:
        return _NO_KEY
    return None


def load_public_jwk(jwk: Mapping[str, Any]) -> PublicKeyTypes:
    """The public key that a JWK holds.

    :raises ValueError: when it holds none, as a symmetric key does
    """
    load = _LOADERS.get(str(jwk.get("kty")))
    if load is None:
        raise ValueError(_NO_KEY)
    try:
        return load(jwk)
    except (KeyError, TypeError, binascii.Error, UnsupportedAlgorithm):
        raise ValueError(_NO_KEY) from None


def _rsa(jwk: Mapping[str, Any]) -> PublicKeyTypes:
    return rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()


def _elliptic(jwk: Mapping[str, Any]) -> PublicKeyTypes:
    return ec.EllipticCurvePublicNumbers(
        _number(jwk["x"]), _number(jwk["y"]), _CURVES[jwk["crv"]]()
    ).public_key()


def _edwards(jwk: Mapping[str, Any]) -> PublicKeyTypes:
    return _EDWARDS[jwk["crv"]](_decoded(jwk["x"]))


_LOADERS: Mapping[str, Callable[[Mapping[str, Any]], PublicKeyTypes]] = {
    "RSA": _rsa,
    "EC": _elliptic,
    "OKP": _edwards,
}


def _number(text: str) -> int:
    return int.from_bytes(_decoded(text))


def _decoded(text: str) -> bytes:
    """base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
