"""Finds the server name in the first bytes of a TLS connection, before anything answers them.

The bytes are records (RFC 8446, section 5.1) that carry the pieces of one message, the ClientHello (section
4.1.2); among its extensions is the name (RFC 6066, section 3).  What is not of this form has no name: it is
the TLS library's business to refuse it.
"""

from __future__ import annotations

from typing import Final

# The longest message that is looked at; real ones have less than 4 kB, even with post-quantum keys.
LIMIT: Final = 16384
_RECORD_HEAD: Final = 5
_MESSAGE_HEAD: Final = 4
_HANDSHAKE: Final = 22
_CLIENT_HELLO: Final = 1
_SERVER_NAME: Final = 0
_HOST_NAME: Final = 0
# Version and random come before the first field of variable length.
_FIXED: Final = 34


class ServerNameReader:
    """Reads the name from bytes as they come, each of them once.

    ``received`` is all that was fed, for whoever goes on with it.
    """

    def __init__(self) -> None:
        self.received = bytearray()
        self._message = bytearray()
        # Where in what was received the next record begins.
        self._place = 0

    def feed(self, data: bytes) -> str | None:
        """The name in lower case, empty where there is none; None while more bytes are needed."""
        received = self.received
        received += data
        message = self._message
        while len(received) >= self._place + _RECORD_HEAD:
            begin = self._place + _RECORD_HEAD
            length = received[begin - 2] << 8 | received[begin - 1]
            if received[self._place] != _HANDSHAKE or not length:
                return ""
            if len(received) < begin + length:
                break
            message += received[begin : begin + length]
            self._place = begin + length
            if len(message) >= _MESSAGE_HEAD:
                size = int.from_bytes(message[1:_MESSAGE_HEAD], "big")
                if message[0] != _CLIENT_HELLO or size > LIMIT:
                    return ""
                if len(message) >= _MESSAGE_HEAD + size:
                    return _name_in(bytes(message[_MESSAGE_HEAD : _MESSAGE_HEAD + size]))
        return None if len(received) <= 2 * LIMIT else ""


def _name_in(hello: bytes) -> str:
    place = _FIXED
    try:
        place += 1 + hello[place]
        place += 2 + _number(hello, place)
        place += 1 + hello[place]
        end = place + 2 + _number(hello, place)
        place += 2
        while place + 4 <= end:
            kind, length = _number(hello, place), _number(hello, place + 2)
            place += 4
            if kind == _SERVER_NAME:
                return _host_name(hello[place : place + length])
            place += length
    except IndexError:
        pass
    return ""


def _host_name(names: bytes) -> str:
    if len(names) < 5 or names[2] != _HOST_NAME:
        return ""
    name = names[5 : 5 + _number(names, 3)]
    # A name with other bytes is none that a certificate could be stored for.
    return name.decode("ascii").lower().rstrip(".") if name.isascii() and b"\0" not in name else ""


def _number(data: bytes, place: int) -> int:
    return data[place] << 8 | data[place + 1]
