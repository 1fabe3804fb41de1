"""The protocol of coherence under random histories; and that none of its rules can be left out."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.model.__main__ import main
from tests.model.deeds import by_chance, most
from tests.model.histories import STEPS, Finding, search, shortened, trace_of, violation_of
from tests.model.scenarios import SCENARIOS

# Of all scenarios together.
HISTORIES = 2000


def test_with_every_rule_nothing_is_ever_stale(capsys: pytest.CaptureFixture[str]) -> None:
    """In thousands of histories no node serves or says what it must not; else the shortest one is shown."""
    assert main(["--histories", str(HISTORIES), "--jobs", "2"]) == 0, capsys.readouterr().out


@settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.data_too_large]
)
@given(st.data())
def test_no_list_of_deeds_leads_to_anything_stale(data: st.DataObject) -> None:
    """Whatever happens in whatever order; what goes wrong is made short and shown with its trace."""
    name = data.draw(st.sampled_from(sorted(SCENARIOS)))
    deeds = data.draw(st.lists(st.integers(0, most(SCENARIOS[name]) - 1), max_size=40))
    violation = violation_of(name, deeds)
    assert violation is None, Finding(name, tuple(deeds), violation or "").report()


# For each rule a scenario in which it is missed.
@pytest.mark.parametrize(
    ("rule", "scenario"),
    [
        ("in_transaction", "single"),
        ("commit_order", "single"),
        ("leases", "replicas"),
        ("page_leases", "single"),
        ("doubt", "single"),
        ("never_back", "replica"),
        ("frontier", "failovers of one server"),
        ("nothing_lost", "failovers"),
        ("own_when_applied", "single"),
        ("read_again", "single"),
        ("steady", "ttl only"),
        ("known_positions", "failovers"),
        ("arrival", "arrivals"),
    ],
)
def test_without_any_one_rule_something_is_stale(rule: str, scenario: str) -> None:
    """Each rule is needed: with it alone switched off, the model finds a history that goes wrong."""
    assert search(scenario, range(1, 400), (rule,)) is not None


def test_a_history_can_be_repeated() -> None:
    """The deeds are all that is needed to see a history again."""
    deeds = by_chance(7, SCENARIOS["failovers"], STEPS)
    assert trace_of("failovers", deeds) == trace_of("failovers", deeds)


def test_what_goes_wrong_is_made_short_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The command that is printed shows the same violation again."""
    found = search("single", range(1, 20), ("commit_order",))
    assert found is not None
    short = shortened(found)
    assert len(short.deeds) < STEPS / 4
    arguments = [
        "--scenario",
        "single",
        "--without",
        "commit_order",
        "--deeds",
        ",".join(map(str, short.deeds)),
    ]
    assert main(arguments) == 1
    assert short.violation in capsys.readouterr().out
