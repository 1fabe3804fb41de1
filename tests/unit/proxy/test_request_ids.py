"""Ids of requests."""

from __future__ import annotations

from itertools import islice

from twisted_kong.proxy.request_ids import request_ids


def test_ids_are_drawn_in_bulk_and_never_shared() -> None:
    """32 hexadecimal digits each, every random byte used once."""
    drawn: list[int] = []

    def random_bytes(count: int) -> bytes:
        drawn.append(count)
        return bytes((n * 7 + len(drawn)) % 256 for n in range(count))

    ids = list(islice(request_ids(random_bytes), 600))
    assert all(len(item) == 32 and int(item, 16) >= 0 for item in ids)
    assert len(drawn) == 3
    assert sum(drawn) // 16 >= 600
    assert bytes.fromhex(ids[0]) == bytes((n * 7 + 1) % 256 for n in range(16))
