"""Makes the directory below which a node keeps its files, and what must be in it before the node starts."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from twisted_kong.core.conf.checks import CERTIFICATE_GROUPS
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.secret import Secret
from twisted_kong.node.certificates import (
    ALGORITHMS,
    KeyPair,
    Mismatch,
    UnreadableCertificate,
    UnreadableKey,
    describe,
    load_pair,
    make_self_signed,
)

_FILE_NAMES = {"": "", "admin_": "admin", "status_": "status", "admin_gui_": "admin-gui"}
# Groups whose listeners this version opens.
SERVED_GROUPS = ("", "admin_", "status_")


class PrefixError(Exception):
    """The prefix cannot be prepared; one line that says what to do."""


def prepare_prefix(conf: Conf, now: datetime, new_uuid: Callable[[], str]) -> str:
    """Make directories, the node's id and missing certificates; gives the node's id.

    May be called any number of times: what is there stays. Raises :class:`PrefixError`.
    """
    prepare_directories(conf)
    with _explained(conf):
        identity = node_id(conf, new_uuid)
        for group in SERVED_GROUPS:
            if _needs_certificate(conf, group):
                _make_certificates(conf, group, now)
    return identity


def prepare_directories(conf: Conf) -> None:
    """Make the prefix and the directories below it, nothing else. Raises :class:`PrefixError`."""
    with _explained(conf):
        for directory in (conf.prefix, *conf.paths.directories):
            _make_directory(directory)


def node_id(conf: Conf, new_uuid: Callable[[], str]) -> str:
    """The node's id: that of ``node_id``, else that in kong.id, else a new one, which is kept there."""
    path = conf.paths.kong_id
    known = _read_id(path)
    if conf.node_id is not None:
        if conf.node_id != known:
            write_file(path, conf.node_id.encode() + b"\n", 0o644)
        return conf.node_id
    if known is None:
        known = new_uuid()
        write_file(path, known.encode() + b"\n", 0o644)
    return known


def key_pairs(conf: Conf, group: str) -> tuple[KeyPair, ...]:
    """The certificates of a group of ssl listeners: configured, else made by :func:`prepare_prefix`.

    :param group: ``""``, ``"admin_"`` or ``"status_"``.
    :raises PrefixError: a file that was fit to be used, or made, is no longer.
    """
    certs: tuple[str, ...] = getattr(conf, f"{group}ssl_cert")
    keys: tuple[Secret, ...] = getattr(conf, f"{group}ssl_cert_key")
    if certs:
        pairs = [(cert, key.reveal()) for cert, key in zip(certs, keys, strict=True)]
        return tuple(_loaded(cert, key, f"see {group}ssl_cert") for cert, key in pairs)
    advice = "remove it and its key, and new ones are made"
    return tuple(_loaded(cert, key, advice) for cert, key in _generated(conf, group))


def write_file(path: str, data: bytes, mode: int) -> None:
    """Write a file as a whole or not at all; nobody sees it with another mode."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except OSError as why:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise OSError(why.errno, why.strerror, path) from None


@contextmanager
def _explained(conf: Conf) -> Iterator[None]:
    try:
        yield
    except OSError as why:
        where = f"{why.filename}: " if why.filename else ""
        raise PrefixError(
            f"cannot prepare the prefix {conf.prefix}: {where}{why.strerror}"
            " (choose another directory with --prefix or the property prefix)"
        ) from None


def _make_directory(path: str) -> None:
    os.makedirs(path, mode=0o755, exist_ok=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise refusal(path, os.statvfs(path).f_flag)


def refusal(path: str, flags: int) -> OSError:
    """Why a directory cannot be written, which ``access`` does not tell.

    :param flags: of the file system that it is on, from ``statvfs``.
    """
    number = errno.EROFS if flags & os.ST_RDONLY else errno.EACCES
    return OSError(number, os.strerror(number), path)


def _read_id(path: str) -> str | None:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            text = file.read().strip()
    except FileNotFoundError:
        return None
    try:
        return str(UUID(text))
    except ValueError:
        # Kong: an id that cannot be read is made anew. A full disk may have left it empty.
        return None


def _loaded(cert: str, key: str, advice: str) -> KeyPair:
    try:
        return load_pair(cert, key)
    except (UnreadableCertificate, UnreadableKey, Mismatch):
        raise PrefixError(f"cannot use the certificate {describe(cert)} with its key ({advice})") from None


def _needs_certificate(conf: Conf, group: str) -> bool:
    listeners = getattr(conf, CERTIFICATE_GROUPS[group])
    return any(listener.ssl for listener in listeners) and not getattr(conf, f"{group}ssl_cert")


def _generated(conf: Conf, group: str) -> Iterator[tuple[str, str]]:
    for algorithm in ALGORITHMS:
        yield conf.paths.certificate(_FILE_NAMES[group], algorithm)


def _make_certificates(conf: Conf, group: str, now: datetime) -> None:
    for algorithm in ALGORITHMS:
        cert, key = conf.paths.certificate(_FILE_NAMES[group], algorithm)
        if os.path.exists(cert) and os.path.exists(key):
            continue
        pair = make_self_signed(algorithm, now)
        write_file(key, pair.key, 0o600)
        write_file(cert, pair.certificate, 0o644)
