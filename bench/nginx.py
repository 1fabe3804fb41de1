"""How the benchmark runs nginx, as upstream and as contestant: one worker, no limits, no files."""

from __future__ import annotations

import os
from pathlib import Path

CONF = """
daemon off; {user}
worker_processes 1; worker_rlimit_nofile 20000; pid nginx.pid; error_log stderr warn;
events {{ worker_connections 16000; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; client_max_body_size 0;
    client_body_temp_path tmp; proxy_temp_path tmp;
    fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
    {http}
}}
"""


def nginx(folder: Path, http: str) -> list[str]:
    """Write a configuration with the directives ``http`` and return the command that runs it."""
    # Root's nginx would change to a user who cannot read our temporary folder.
    user = "user root;" if os.geteuid() == 0 else ""
    conf = folder / "nginx.conf"
    conf.write_text(CONF.format(user=user, http=http))
    return ["nginx", "-p", str(folder), "-c", str(conf), "-e", "stderr"]
