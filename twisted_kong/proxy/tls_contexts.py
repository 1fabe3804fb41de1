"""Makes OpenSSL's contexts: what is offered, which certificates are shown, and how sessions are resumed.

Theory.  OpenSSL seals the tickets of a connection with the keys of the context that it was made with, also
when it has been given another context since; and it resumes a session only if the *session id context* of
then is that of now.  Ours is a digest of the certificates that are shown.  So all names of a listener share
the keys of tickets, and yet no session outlives its certificate or passes to a name that has another one.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from OpenSSL import SSL

from twisted_kong.core.conf.suites import TlsSettings
from twisted_kong.node.certificates import KeyPair, load_private_key

_OFF = {
    "TLSv1": SSL.OP_NO_TLSv1,
    "TLSv1.1": SSL.OP_NO_TLSv1_1,
    "TLSv1.2": SSL.OP_NO_TLSv1_2,
    "TLSv1.3": SSL.OP_NO_TLSv1_3,
}
DAY = 86400


@dataclass(frozen=True, slots=True)
class Sessions:
    """How clients resume sessions.

    :param tickets: whether they keep them for us (``ssl_session_tickets``); else OpenSSL keeps the last
        20,480.
    :param timeout: seconds for which a session can be resumed (``ssl_session_timeout``).
    """

    tickets: bool = True
    timeout: int = DAY


DEFAULT_SESSIONS = Sessions()
"""As Kong's defaults are."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What every context of a listener has in common.

    :param dh_file: the parameters for key exchange over a finite field up to TLS 1.2; without them there is
        none.
    :param protocols: for ALPN, those first that are liked better.
    """

    settings: TlsSettings
    sessions: Sessions = DEFAULT_SESSIONS
    dh_file: str | None = None
    protocols: tuple[bytes, ...] = ()


def server_context(offer: Offer, pairs: Sequence[KeyPair]) -> SSL.Context:
    """A context that shows these certificates, of different kinds.

    :raises SSL.Error, ValueError, TypeError: they cannot be used, or ``dh_file`` cannot.
    """
    settings = offer.settings
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_options(_options(offer))
    if settings.ciphers:
        context.set_cipher_list(settings.ciphers.encode("ascii"))
    if offer.dh_file is not None:
        context.load_tmp_dh(offer.dh_file)
    show(context, pairs)
    context.set_session_id(_digest(pairs))
    context.set_timeout(offer.sessions.timeout)
    context.set_alpn_select_callback(_chooser(offer.protocols))
    return context


def show(context: SSL.Context, pairs: Sequence[KeyPair]) -> None:
    """Have a context show these certificates, each with what belongs to its chain."""
    chains = [x509.load_pem_x509_certificates(pair.certificate) for pair in pairs]
    apart = len({tuple(chain[1:]) for chain in chains}) > 1
    for pair, (own, *_) in zip(pairs, chains, strict=True):
        if apart:
            _show_with_chain(context, pair.certificate)
        else:
            context.use_certificate(own)
        key: Any = load_private_key(pair.key)
        context.use_privatekey(key)
        context.check_privatekey()
    if not apart:
        for certificate in chains[0][1:]:
            context.add_extra_chain_cert(certificate)


def _show_with_chain(context: SSL.Context, chain: bytes) -> None:
    # What pyOpenSSL adds from memory is sent with every certificate, whichever kind the client takes.
    with tempfile.NamedTemporaryFile() as file:
        file.write(chain)
        file.flush()
        context.use_certificate_chain_file(file.name)


def _options(offer: Offer) -> int:
    options = SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION
    for protocol, off in _OFF.items():
        if protocol not in offer.settings.protocols:
            options |= off
    if offer.settings.prefer_server_ciphers:
        options |= SSL.OP_CIPHER_SERVER_PREFERENCE
    if not offer.sessions.tickets:
        options |= SSL.OP_NO_TICKET
    return options


def _digest(pairs: Sequence[KeyPair]) -> bytes:
    return hashlib.sha256(b"\0".join(pair.certificate for pair in pairs)).digest()


def _chooser(protocols: tuple[bytes, ...]) -> Callable[[SSL.Connection, list[bytes]], Any]:
    def choose(_: SSL.Connection, offered: list[bytes]) -> Any:
        for protocol in protocols:
            if protocol in offered:
                return protocol
        # A client that offers none of ours may still be content with HTTP/1.1.
        return SSL.NO_OVERLAPPING_PROTOCOLS

    return choose
