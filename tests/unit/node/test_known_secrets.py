"""What is masked in the log."""

from __future__ import annotations

from twisted_kong.node.known_secrets import KnownSecrets


def test_a_secret_is_masked_wherever_it_is() -> None:
    """Also one that contains another one, and one with signs that mean something elsewhere."""
    known = KnownSecrets()
    assert known.hide("hunter2 is here") == "hunter2 is here"
    for secret in ("hunter2", "hunter2-long", "p.ss(word"):
        known.learn(secret)
    assert known.hide("a hunter2-long, hunter2 and p.ss(word; passsword") == (
        "a ******, ****** and ******; passsword"
    )


def test_every_line_of_a_secret_is_one() -> None:
    """A key is quoted line by line; what begins and ends every key is none."""
    known = KnownSecrets()
    known.learn("-----BEGIN PRIVATE KEY-----\nAAAABBBB\n-----END PRIVATE KEY-----\n")
    assert known.hide("near AAAABBBB") == "near ******"
    assert known.hide("no -----BEGIN PRIVATE KEY-----") == "no -----BEGIN PRIVATE KEY-----"


def test_short_texts_are_let_be() -> None:
    """A port or a word that a variable holds would be masked in every other line."""
    known = KnownSecrets()
    known.learn("6379")
    assert known.hide("port 6379") == "port 6379"
