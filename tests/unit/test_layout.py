"""The layout rules: a twin test for each module, and nothing that would break Twisted when uninstalled."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Modules without decisions of their own, each with the test that covers it instead.
COVERED_ELSEWHERE = {
    # properties are data: compared with the reference
    "core/conf/groups/": "tests/unit/core/conf/test_properties.py",
    # entities are data: compared with the reference and built by the registry's tests
    "core/schema/entities/": "tests/unit/core/schema/test_entities.py",
    # so are those of plugins, but for functions, which have twins
    "plugins/*/schema.py": "tests/unit/plugins/test_schemas.py",
    "plugins/*/daos.py": "tests/unit/plugins/test_daos.py",
    # descriptions are data: held against the table of endpoints, and against a node by tests/openapi
    "admin/openapi/endpoints/": "tests/unit/admin/openapi/endpoints/test_everything.py",
    "admin/openapi/*_texts.py": "tests/unit/admin/openapi/test_texts.py",
    "admin/openapi/shared.py": "tests/unit/admin/openapi/test_document.py",
    # names and frozen values: whoever keeps to them passes the contract
    "db/interfaces.py": "tests/contract/test_verbs.py",
    # values: the cache fills them in
    "node/cache_statistics.py": "tests/unit/node/test_cache.py",
    # values: whoever builds the node fills them in
    "service/ground.py": "tests/unit/service/test_build.py",
    # a file and a thread have no place in a unit test: the contract's tests open it
    "db/strategies/sqlite/store.py": "tests/contract/test_verbs.py",
    "db/strategies/sqlite/reading.py": "tests/contract/test_pages.py",
    # every call of it is one of the contract's
    "db/delegating.py": "tests/contract/test_verbs.py",
    # as above: real files and threads
    "db/last_good/files.py": "tests/integration/test_snapshot_files.py",
    "db/last_good/standby.py": "tests/integration/test_snapshot_files.py",
    "db/last_good/writer.py": "tests/integration/test_snapshot_files.py",
}


def twin(module: Path) -> Path:
    """Where the test of a module must stand."""
    relative = module.relative_to(ROOT / "twisted_kong")
    return ROOT / "tests" / "unit" / relative.parent / f"test_{relative.name}"


def elsewhere(module: Path) -> str | None:
    """The test that covers a module which has no twin, if the table above names one."""
    relative = module.relative_to(ROOT / "twisted_kong").as_posix()
    return next(
        (
            test
            for place, test in COVERED_ELSEWHERE.items()
            if relative.startswith(place) or fnmatch(relative, place)
        ),
        None,
    )


def test_every_module_has_a_twin() -> None:
    """Each module of twisted_kong is covered by the test file of the same name and place."""
    missing = [
        str(twin(module).relative_to(ROOT))
        for module in sorted((ROOT / "twisted_kong").rglob("*.py"))
        if module.name != "__init__.py" and elsewhere(module) is None and not twin(module).exists()
    ]
    assert missing == []


def test_every_named_substitute_exists() -> None:
    """A module excused from having a twin is covered by a test that is really there."""
    assert [test for test in COVERED_ELSEWHERE.values() if not (ROOT / test).exists()] == []


def test_every_twin_has_a_module() -> None:
    """No unit test outlives the module it was written for."""
    orphans = []
    for test in sorted((ROOT / "tests" / "unit").rglob("test_*.py")):
        if test.name == "test_layout.py" or str(test.relative_to(ROOT)) in COVERED_ELSEWHERE.values():
            continue
        relative = test.relative_to(ROOT / "tests" / "unit")
        module = ROOT / "twisted_kong" / relative.parent / relative.name.removeprefix("test_")
        if not module.exists():
            orphans.append(str(relative))
    assert orphans == []


def test_no_init_under_twisted() -> None:
    """An __init__.py there would overwrite Twisted's own, and uninstalling would delete it."""
    assert list((ROOT / "twisted").rglob("__init__.py")) == []
