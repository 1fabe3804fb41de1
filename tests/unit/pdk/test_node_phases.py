"""What plugins do for the node runs in order, and what one does wrong stays its own."""

from __future__ import annotations

from typing import Any

from tests.kit.deferreds import success_of
from tests.kit.methods import Stage
from twisted_kong.pdk.phases import Phases


def test_init_worker_and_configure() -> None:
    """All loaded plugins prepare themselves by priority, and are told their configurations or None."""
    told: list[Any] = []
    configure = {"configure": lambda kong, confs: told.append(confs), "init_worker": None}
    stage = Stage(low=(1, configure), high=(9, {"init_worker": None}))
    success_of(stage.phases.init_worker())
    success_of(stage.phases.configure())
    stage.row("low", config={"tag": "t"})
    success_of(stage.phases.configure())
    assert stage.ran == ["high.init_worker", "low.init_worker", "low.configure", "low.configure"]
    assert told[0] is None
    assert [conf["tag"] for conf in told[1]] == ["t"]


def test_what_a_plugin_falls_short_of_is_logged_once() -> None:
    """For each configuration that it has something to say of; an error of its own stops nothing."""

    def shortfall(config: Any) -> str | None:
        if config["tag"] == "wrong":
            raise ValueError("x")
        return "does not sing" if config["tag"] == "sing" else None

    stage = Stage(a=(1, {}))
    vars(stage.handlers["a"])["shortfall"] = shortfall
    phases = Phases(stage.plan, stage.handlers, stage.gateway)
    for tag in ("hum", "sing", "sing", "wrong"):
        stage.row("a", config={"tag": tag})
        success_of(phases.configure())
    assert ["does not sing" in line for line in stage.lines] == [True, False]
    assert "[a] shortfall failed" in stage.lines[1]


def test_an_error_in_configure_is_logged() -> None:
    """The gateway goes on with the rows as they are."""

    def fail(kong: Any, confs: Any) -> None:
        raise ValueError("x")

    stage = Stage(a=(1, {"configure": fail}))
    success_of(stage.phases.configure())
    assert "[a] configure failed" in stage.lines[0]
