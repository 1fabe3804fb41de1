"""The groups for key exchange over finite fields."""

from __future__ import annotations

import base64
import hashlib

import pytest

from twisted_kong.core.finite_field import GROUPS, parameters


def prime_of(text: str) -> int:
    """The number in a file of parameters."""
    encoded = base64.b64decode("".join(text.splitlines()[1:-1]))
    size = int.from_bytes(encoded[6:8], "big")
    return int.from_bytes(encoded[8 : 8 + size], "big")


@pytest.mark.parametrize("group", GROUPS)
def test_the_primes_are_of_the_size_that_their_names_tell(group: str) -> None:
    """With all ones at both ends."""
    prime = prime_of(parameters(group))
    assert prime.bit_length() == GROUPS[group][0]
    assert prime >> prime.bit_length() - 64 == prime & (1 << 64) - 1 == (1 << 64) - 1


@pytest.mark.parametrize("group", ["ffdhe2048", "ffdhe3072"])
def test_the_primes_are_safe(group: str) -> None:
    """A wrong digit would hardly leave a prime, and half of it another one; 2 generates what it shall."""
    prime = prime_of(parameters(group))
    half = prime // 2
    assert pow(3, prime - 1, prime) == 1
    assert pow(3, half - 1, half) == 1
    assert pow(2, half, prime) == 1


def test_the_text_is_what_openssl_writes() -> None:
    """The file of ffdhe2048, byte for byte, as ``openssl genpkey`` writes it."""
    digest = hashlib.sha256(parameters("ffdhe2048").encode()).hexdigest()
    assert digest == "9ba6429597aeed2d8617a7705b56e96d044f64b07971659382e426675105654b"
