"""Checks of a configuration that need files to be read, with Kong's messages."""

from __future__ import annotations

import os
from collections.abc import Iterator

from twisted_kong.core.conf.checks import CERTIFICATE_GROUPS
from twisted_kong.core.conf.conf import Conf
from twisted_kong.core.conf.problems import ConfError, Problem
from twisted_kong.node.certificates import (
    Mismatch,
    UnreadableCertificate,
    UnreadableKey,
    describe,
    load_chain,
    load_pair,
)
from twisted_kong.node.dh_parameters import are_parameters, dh_path

_TEMPLATES = ("error_template_html", "error_template_json", "error_template_xml", "error_template_plain")

Found = Iterator[tuple[str, str]]


def file_problems(conf: Conf) -> tuple[Problem, ...]:
    """What is wrong with the files that a configuration names."""
    checks = (_certificates, _dh_parameters, _templates, _authorities, _hosts)
    return tuple(
        Problem(message, conf.settings[name].origin) for check in checks for name, message in check(conf)
    )


def require_files(conf: Conf) -> None:
    """Raise :class:`ConfError` unless every file that is named can be used."""
    problems = file_problems(conf)
    if problems:
        raise ConfError(problems)


def _certificates(conf: Conf) -> Found:
    for group in CERTIFICATE_GROUPS:
        cert_name, key_name = f"{group}ssl_cert", f"{group}ssl_cert_key"
        for cert, key in zip(getattr(conf, cert_name), getattr(conf, key_name), strict=True):
            yield from _pair(cert_name, cert, key_name, key.reveal())
    if conf.client_ssl and conf.client_ssl_cert and conf.client_ssl_cert_key:
        key = conf.client_ssl_cert_key.reveal()
        yield from _pair("client_ssl_cert", conf.client_ssl_cert, "client_ssl_cert_key", key)


def _pair(cert_name: str, cert: str, key_name: str, key: str) -> Found:
    try:
        load_pair(cert, key)
    except UnreadableCertificate:
        yield cert_name, f"{cert_name}: failed loading certificate from {describe(cert)}"
    except UnreadableKey:
        yield key_name, f"{key_name}: failed loading key from {describe(key)}"
    except Mismatch:
        yield key_name, f"{key_name}: {describe(key)} is not the key of {describe(cert)}"


def _dh_parameters(conf: Conf) -> Found:
    path = dh_path(conf)
    if path is not None and not are_parameters(path):
        yield "ssl_dhparam", f"ssl_dhparam: failed loading parameters from {path}"


def _templates(conf: Conf) -> Found:
    for name in _TEMPLATES:
        path = getattr(conf, name)
        if path is not None and not os.access(path, os.R_OK):
            yield name, f"{name}: cannot read {path}"


def _authorities(conf: Conf) -> Found:
    files = ("nginx_proxy_proxy_ssl_trusted_certificate", "nginx_admin_ssl_client_certificate")
    values = [(name, getattr(conf, name)) for name in files if getattr(conf, name) is not None]
    values += [
        ("lua_ssl_trusted_certificate", value)
        for value in conf.lua_ssl_trusted_certificate
        if value != "system"
    ]
    for name, value in values:
        try:
            load_chain(value)
        except UnreadableCertificate:
            yield name, f"{name}: failed loading certificate from {describe(value)}"


def _hosts(conf: Conf) -> Found:
    if not conf.settings["dns_hostsfile"].is_default and not os.path.isfile(conf.dns_hostsfile):
        yield "dns_hostsfile", "dns_hostsfile: file does not exist"
