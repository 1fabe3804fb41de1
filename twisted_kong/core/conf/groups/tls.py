"""Properties of TLS, towards clients and towards Services."""

from __future__ import annotations

from twisted_kong.core.conf.property import Group, Kind, Property, Source, Status

_DERIVED = "it is derived from the property of the same name without the nginx prefix"


def _derived(name: str) -> Property:
    return Property(
        name, Kind.STRING, None, "Derived by Kong for nginx.conf.", Status.IGNORED, because=_DERIVED
    )


TLS = Group(
    "tls",
    "TLS",
    "Certificates are paths of PEM files, or the PEM text itself, plain or in base64. Several certificates of"
    " different key types (RSA, ECDSA) may stand beside each other, with their keys in the same order.",
    (
        Property(
            "ssl_cert",
            Kind.ARRAY,
            None,
            "Certificate chain of the ssl listeners of proxy_listen, for names that no Certificate entity"
            " covers. When unset, self-signed ones are made below the prefix.",
        ),
        Property("ssl_cert_key", Kind.ARRAY, None, "The private key of each ssl_cert.", sensitive=True),
        Property("admin_ssl_cert", Kind.ARRAY, None, "The same for admin_listen."),
        Property(
            "admin_ssl_cert_key", Kind.ARRAY, None, "The private key of each admin_ssl_cert.", sensitive=True
        ),
        Property(
            "nginx_admin_ssl_verify_client",
            Kind.ENUM,
            "off",
            "Whether the ssl listeners of admin_listen demand a certificate of their clients (mutual TLS): on"
            " ends the handshake without one that nginx_admin_ssl_client_certificate vouches for; optional"
            " verifies one that is sent, and takes its subject for the caller; off and optional_no_ca ask"
            " for none, since what is not verified tells nothing. Only on keeps anybody out.",
            allowed=("on", "off", "optional", "optional_no_ca"),
            source=Source.NGINX,
        ),
        Property(
            "nginx_admin_ssl_client_certificate",
            Kind.STRING,
            None,
            "PEM file of the authorities whose certificates those clients may present.",
            source=Source.NGINX,
        ),
        Property(
            "nginx_admin_ssl_verify_depth",
            Kind.INTEGER,
            "1",
            "How many intermediate certificates such a chain may have.",
            minimum=0,
            source=Source.NGINX,
        ),
        Property("status_ssl_cert", Kind.ARRAY, None, "The same for status_listen."),
        Property(
            "status_ssl_cert_key",
            Kind.ARRAY,
            None,
            "The private key of each status_ssl_cert.",
            sensitive=True,
        ),
        Property("admin_gui_ssl_cert", Kind.ARRAY, None, "The same for admin_gui_listen.", Status.LATER),
        Property(
            "admin_gui_ssl_cert_key",
            Kind.ARRAY,
            None,
            "The private key of each admin_gui_ssl_cert.",
            Status.LATER,
            sensitive=True,
        ),
        Property(
            "ssl_cipher_suite",
            Kind.STRING,
            "intermediate",
            "Protocols and ciphers as a whole: modern (TLS 1.3 only), intermediate, old, fips, or custom,"
            " which lets the following properties decide.",
        ),
        Property("ssl_protocols", Kind.STRING, "TLSv1.2 TLSv1.3", "Protocol versions, with custom only."),
        Property(
            "ssl_ciphers",
            Kind.STRING,
            None,
            "Ciphers up to TLS 1.2 in OpenSSL's notation, with custom only.",
        ),
        Property(
            "ssl_prefer_server_ciphers",
            Kind.NGX_BOOLEAN,
            "on",
            "Whether the order of the server's ciphers wins, with custom only.",
        ),
        Property(
            "ssl_dhparam",
            Kind.STRING,
            None,
            "Parameters for key exchange over a finite field up to TLS 1.2: a file, their PEM text, or the"
            " name of a group (ffdhe2048, ffdhe3072, ffdhe4096, ffdhe6144, ffdhe8192); with custom only."
            " Without them no such ciphers are offered.",
        ),
        Property(
            "ssl_session_tickets",
            Kind.NGX_BOOLEAN,
            "on",
            "Let clients resume sessions with tickets, whose keys last until the node ends or is reloaded.",
        ),
        Property("ssl_session_timeout", Kind.TIME, "1d", "How long a session can be resumed."),
        Property(
            "ssl_session_cache_size",
            Kind.SIZE,
            "10m",
            "Memory for sessions of clients without tickets.",
            Status.IGNORED,
            because="the TLS library keeps the last 20,480 of them",
        ),
        Property(
            "client_ssl",
            Kind.BOOLEAN,
            "off",
            "Present a certificate to every upstream that asks for one, where neither Service nor Upstream"
            " has one.",
        ),
        Property("client_ssl_cert", Kind.STRING, None, "That certificate."),
        Property("client_ssl_cert_key", Kind.STRING, None, "Its private key.", sensitive=True),
        Property(
            "nginx_proxy_proxy_ssl_verify",
            Kind.NGX_BOOLEAN,
            "off",
            "Verify the certificates of https upstreams when their Service does not say.",
            source=Source.NGINX,
        ),
        Property(
            "nginx_proxy_proxy_ssl_verify_depth",
            Kind.INTEGER,
            "1",
            "How many intermediate certificates such a chain may have.",
            minimum=0,
            source=Source.NGINX,
        ),
        Property(
            "nginx_proxy_proxy_ssl_trusted_certificate",
            Kind.STRING,
            None,
            "PEM file of the authorities to verify upstreams against; the system's when unset.",
            source=Source.NGINX,
        ),
        Property(
            "lua_ssl_trusted_certificate",
            Kind.ARRAY,
            "system",
            "Authorities for connections that the node makes for itself (database, plugins): system, PEM"
            " files or PEM text.",
        ),
        Property(
            "lua_ssl_verify_depth",
            Kind.INTEGER,
            "1",
            "How many intermediate certificates those chains may have.",
            Status.LATER,
            minimum=0,
        ),
        Property(
            "lua_ssl_protocols",
            Kind.STRING,
            "TLSv1.2 TLSv1.3",
            "Protocol versions of those connections.",
            Status.LATER,
        ),
        *(
            _derived(f"nginx_{block}_ssl_{directive}")
            for block in ("http", "stream")
            for directive in (
                "protocols",
                "prefer_server_ciphers",
                "dhparam",
                "session_tickets",
                "session_timeout",
            )
        ),
    ),
)
