"""Where the files of a node lie below its prefix; the names are Kong's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrefixPaths:
    """The places below an absolute ``prefix``."""

    prefix: str

    def below(self, relative: str) -> str:
        """A path below the prefix; an absolute one stands as it is."""
        return relative if relative.startswith("/") else f"{self.prefix.rstrip('/')}/{relative}"

    @property
    def directories(self) -> tuple[str, ...]:
        """The directories that a node needs, parents first."""
        return tuple(self.below(name) for name in ("pids", "logs", "ssl", "sockets"))

    @property
    def pid_file(self) -> str:
        """Holds the process id of the running node."""
        return self.below("pids/nginx.pid")

    @property
    def start_lock(self) -> str:
        """Locked by whoever is about to start a node; a node in the foreground keeps the lock."""
        return self.below("pids/start.lock")

    @property
    def waiting(self) -> str:
        """There while the node waits for its database; says why."""
        return self.below("pids/waiting")

    @property
    def kong_env(self) -> str:
        """The merged settings of the running node; readable by its owner only, as it holds secrets."""
        return self.below(".kong_env")

    @property
    def kong_id(self) -> str:
        """Holds the node's id."""
        return self.below("kong.id")

    @property
    def ca_combined(self) -> str:
        """The authorities of ``lua_ssl_trusted_certificate``, where they are several."""
        return self.below(".ca_combined")

    @property
    def start_log(self) -> str:
        """What the node wrote to its standard error; truncated at each start."""
        return self.below("logs/start.log")

    def certificate(self, group: str, algorithm: str = "rsa") -> tuple[str, str]:
        """The generated certificate and key of a group of listeners.

        :param group: ``""`` for the proxy, else ``admin``, ``admin-gui`` or ``status``.
        """
        stem = (
            f"ssl/{group + '-' if group else ''}kong-default{'' if algorithm == 'rsa' else '-' + algorithm}"
        )
        return self.below(f"{stem}.crt"), self.below(f"{stem}.key")
