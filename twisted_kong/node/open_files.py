"""How many files, and so connections, the process may have open: ``nginx_main_worker_rlimit_nofile``.

Shells and containers start processes with a soft limit of 1,024, which a gateway with keep-alive on both
sides reaches with five hundred clients; what may be raised without asking anybody is raised.
"""

from __future__ import annotations

from collections.abc import Callable

Limits = tuple[int, int]


def raise_open_files(
    wanted: int | None, limits: Callable[[], Limits], set_limits: Callable[[Limits], object]
) -> str | None:
    """Set the limit of open files; what could not be had is returned as a warning.

    :param wanted: None for as many as the system allows.
    :param limits: tells the soft and the hard limit; ``set_limits`` sets them, and raises ValueError or
        OSError where the hard limit may not be raised.
    """
    soft, hard = limits()
    if wanted is None:
        if soft != hard:
            set_limits((hard, hard))
        return None
    try:
        set_limits((wanted, max(wanted, hard)))
    except (ValueError, OSError):
        set_limits((hard, hard))
        return f"nginx_main_worker_rlimit_nofile: {wanted} open files are not allowed here, {hard} it is"
    return None
