"""Reads the configuration where the system keeps it: files, environment, working directory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from twisted_kong.core.conf.loading import Loaded, Sources, load_conf
from twisted_kong.core.conf.problems import ConfError, Problem
from twisted_kong.core.conf.properties import PROPERTIES
from twisted_kong.core.conf.text import parse_origins

DEFAULT_FILES = ("/etc/kong/kong.conf", "/etc/kong.conf")
"""Where kong.conf is looked for when no path is given; none of them need exist."""

SYSTEM_PREFIX = (PROPERTIES["prefix"].default or "").rstrip("/")


@dataclass(frozen=True, slots=True)
class ConfSource:
    """Where one node's configuration comes from; read at start and again on every reload.

    ``path`` is a kong.conf, or with ``merged`` the ``.kong_env`` that ``kong start`` wrote, which then is
    the only source; faults are shown where the operator wrote what is merged there. ``options`` are
    settings of the command line.
    """

    path: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    merged: bool = False

    def read(self, environment: Mapping[str, str], default_files: tuple[str, ...] = DEFAULT_FILES) -> Loaded:
        """The configuration as it is now; raises :class:`ConfError`."""
        name, text = self._text(default_files)
        own_prefix = None if self.merged else personal_prefix(environment, SYSTEM_PREFIX)
        loaded = load_conf(
            Sources(
                text,
                name,
                environment,
                settings_from_environment=not self.merged,
                options=self.options,
                origins=parse_origins(text) if self.merged else {},
                directory=os.getcwd(),
                default_prefix=own_prefix,
            )
        )
        if own_prefix is not None and loaded.conf.settings["prefix"].is_default:
            note = Problem(f"{SYSTEM_PREFIX} cannot be written, the prefix is {own_prefix} instead")
            return replace(loaded, warnings=(note, *loaded.warnings))
        return loaded

    def _text(self, default_files: tuple[str, ...]) -> tuple[str, str]:
        if self.path is not None:
            return self.path, read_text(self.path)
        for path in default_files:
            if os.path.exists(path):
                return path, read_text(path)
        return "kong.conf", ""


def read_text(path: str) -> str:
    """The text of a file; raises :class:`ConfError` with one line when it cannot be had."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        raise ConfError([Problem(f"no file at: {path}")]) from None
    except OSError as why:
        raise ConfError([Problem(f"cannot read {path}: {why.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfError([Problem(f"cannot read {path}: it is not UTF-8 text")]) from None


def personal_prefix(environment: Mapping[str, str], system_prefix: str) -> str | None:
    """A prefix for someone who cannot write the system's and named none; None when that will do.

    The same user gets the same one in every command, so that ``kong stop`` finds what ``kong start`` made.
    """
    if _is_usable(system_prefix):
        return None
    state = environment.get("XDG_STATE_HOME", "")
    if not state.startswith("/"):
        home = environment.get("HOME", "")
        if not home.startswith("/"):
            return None
        state = f"{home.rstrip('/')}/.local/state"
    return f"{state.rstrip('/')}/kong"


def _is_usable(path: str) -> bool:
    if os.path.exists(path):
        return os.access(path, os.W_OK | os.X_OK)
    return os.access(os.path.dirname(path), os.W_OK | os.X_OK)
