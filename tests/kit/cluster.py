"""A cluster as an operator has it: node processes, a PostgreSQL server with a streaming replica, and networks
between them that can fail.

The database itself notes the truth: a trigger writes down each change of an entity in the order in which it
was committed, and others make commits take their time.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kit.postgres import PostgresDatabase, PostgresServer, conf_lines
from tests.kit.site import Site, listens
from tests.kit.tcp_proxy import TcpProxy
from tests.kit.waiting import PATIENCE, wait_for

# A row's changes are noted under its lock, so they come in the order of their commits.
_NOTE_TRUTH = """
create table truth (
    number bigserial primary key, kind text, operation text, id text, document text
);
create function note_truth() returns trigger language plpgsql security definer as $$
    begin
        if tg_op = 'DELETE' then
            insert into public.truth (kind, operation, id, document)
                values (old.kind, tg_op, old.id, old.document);
        else
            insert into public.truth (kind, operation, id, document)
                values (new.kind, tg_op, new.id, new.document);
        end if;
        return null;
    end
$$;
create trigger note_truth after insert or update or delete on entities
    for each row execute function note_truth();
"""
# One pause while others may write as well, and one in the midst of the commit, while they wait.
_DELAY_COMMITS = """
create table delays (writing double precision, committing double precision);
insert into delays values (0, 0);
create function delay_writing() returns trigger language plpgsql security definer as $$
    begin perform pg_sleep(random() * writing) from public.delays; return null; end
$$;
create function delay_committing() returns trigger language plpgsql security definer as $$
    begin perform pg_sleep(random() * committing) from public.delays; return null; end
$$;
create trigger delay_writing after insert or update or delete on entities
    for each row execute function delay_writing();
create constraint trigger delay_committing after insert or update or delete on entities
    deferrable initially deferred for each row execute function delay_committing();
"""


@dataclass(frozen=True)
class Truth:
    """One committed change of an entity."""

    kind: str
    operation: str
    id: str
    entity: Mapping[str, Any]


class ClusterNode:
    """One node: its site, and the process that runs now.

    ``instance`` names the process: its letter, and how many there were before.
    """

    def __init__(self, letter: str, site: Site) -> None:
        self.letter = letter
        self.site = site
        self.starts = 0
        self.process: subprocess.Popen[str] | None = None
        self.stalls = site.directory / "stalls.json"

    @property
    def instance(self) -> str:
        """The name of the running process."""
        return f"{self.letter}{self.starts}"

    def spawn(self) -> None:
        """Start a process and do not wait for it."""
        self.starts += 1
        self.process = self.site.spawn(program=("-m", "tests.kit.stalls", str(self.stalls)))

    def start(self) -> None:
        """Start a process; returns when it serves."""
        self.spawn()
        self.wait_serving()

    def wait_serving(self) -> None:
        """Wait until it serves."""
        process = self.process
        assert process is not None
        wait_for(lambda: process.poll() is not None or listens(self.site.port))
        assert process.poll() is None, self.site.console

    def kill(self) -> None:
        """kill -9."""
        self._send(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(PATIENCE)

    def pause(self) -> None:
        """SIGSTOP."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)


class Cluster:
    """Nodes ``a``, ``b``, …; of three the first two read from the replica, the others from the primary.

    :param settings: of all nodes, as in kong.conf.
    :param synchronous: a write is acknowledged when the replica has it too.
    :param replicated: whether there is a replica at all.

    ``struck_at`` is for whoever does harm to note when.
    """

    def __init__(
        self,
        directory: Path,
        count: int,
        stack: ExitStack,
        *,
        synchronous: bool = False,
        replicated: bool = True,
        **settings: object,
    ) -> None:
        self._stack = stack
        self.struck_at = 0.0
        self.settings = settings
        self.primary = PostgresServer.create(log_statement="none")
        stack.callback(self.primary.close)
        self.database = self.primary.fresh_database()
        self.to_primary = self._proxy(self.primary)
        self.replica: PostgresServer | None = None
        self.to_replica: TcpProxy | None = None
        self.nodes = [self._node(directory, "abcdefgh"[number]) for number in range(count)]
        self._bootstrap()
        if replicated:
            self.replica = self.primary.make_replica()
            self.to_replica = self._proxy(self.replica)
        if synchronous:
            self.primary.configure(synchronous_standby_names="*")
            self.primary.reload()
        for number, node in enumerate(self.nodes):
            node.site.configure(conf_lines(self._conf(from_replica=replicated and number < 2)))

    def start(self) -> None:
        """Start all nodes; returns when they serve."""
        for node in self.nodes:
            node.spawn()
        for node in self.nodes:
            node.wait_serving()

    @property
    def proxies(self) -> list[TcpProxy]:
        """What leads to the servers."""
        return [self.to_primary, *([] if self.to_replica is None else [self.to_replica])]

    def delay_commits(self, writing: float, committing: float) -> None:
        """Let each write take up to so many seconds more, and each commit while no other can commit."""
        self.database.query("update delays set writing = %s, committing = %s", [writing, committing])

    def truth(self, database: PostgresDatabase | None = None) -> list[Truth]:
        """All changes that were committed, in order."""
        rows = (database or self.database).query(
            "select kind, operation, id, document from truth order by number"
        )
        return [Truth(kind, operation, id_, json.loads(text)) for kind, operation, id_, text in rows]

    def _proxy(self, server: PostgresServer) -> TcpProxy:
        proxy = TcpProxy(server.port, postgres=True)
        self._stack.callback(proxy.close)
        return proxy

    def _node(self, directory: Path, letter: str) -> ClusterNode:
        place = directory / letter
        place.mkdir()
        site = Site(place)
        self._stack.callback(site.clear)
        return ClusterNode(letter, site)

    def _bootstrap(self) -> None:
        site = self.nodes[0].site
        site.configure(conf_lines(self._conf(from_replica=False)))
        made = site.kong("migrations", "bootstrap", "-c", str(site.conf))
        assert made.returncode == 0, made.stderr
        self.database.query(_NOTE_TRUTH)
        self.database.query(_DELAY_COMMITS)

    def _conf(self, *, from_replica: bool) -> dict[str, str]:
        hosts = ",".join(f"127.0.0.1:{proxy.port}" for proxy in self.proxies)
        conf = {
            **self.database.settings,
            "pg_host": hosts,
            "allow_debug_header": "on",
            **{name: str(value) for name, value in self.settings.items()},
        }
        if from_replica:
            assert self.to_replica is not None
            conf |= {"pg_ro_host": "127.0.0.1", "pg_ro_port": str(self.to_replica.port)}
        return conf


@contextmanager
def new_cluster(directory: Path, count: int = 3, **options: Any) -> Iterator[Cluster]:
    """A cluster that runs; whatever was started is ended in the end."""
    with ExitStack() as stack:
        cluster = Cluster(directory, count, stack, **options)
        cluster.start()
        yield cluster
