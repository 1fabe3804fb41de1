"""``python -m tests.openapi --examples 2000``: a real node held against its own OpenAPI document."""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.kit.databases import DEFAULT, KINDS, choose
from tests.kit.site import new_site


def main() -> int:
    """Run; 0 when every answer was as documented."""
    parser = argparse.ArgumentParser(prog="tests.openapi", description=__doc__)
    parser.add_argument("--examples", type=int, default=2000, help="how many requests at least (2000)")
    parser.add_argument("--seed", type=int, default=0, help="what the requests are made from (0)")
    parser.add_argument("--every", type=int, default=1, help="only every so many-th operation (1)")
    parser.add_argument("--database", choices=KINDS, default=DEFAULT, help="what the node runs on (sqlite)")
    arguments = parser.parse_args()
    choose(arguments.database)
    if find_spec("schemathesis") is None:
        print("skipped: schemathesis is not installed (pip install --group openapi)")
        return 0
    from tests.openapi.examining import Examination

    with tempfile.TemporaryDirectory() as directory, new_site(Path(directory)) as site:
        site.serve()
        examination = Examination(f"http://127.0.0.1:{site.admin_port}", arguments.seed)
        findings = examination.run(arguments.examples, every=arguments.every)
    statuses = ", ".join(f"{status}: {count}" for status, count in sorted(findings.statuses.items()))
    print(f"{findings.asked} requests of {findings.operations} operations, seed {arguments.seed}: {statuses}")
    for label, text in findings.failures.items():
        print(f"\nFAILED {label}\n{text}")
    print(f"{len(findings.failures)} failures")
    return 1 if findings.failures else 0


if __name__ == "__main__":
    sys.exit(main())
