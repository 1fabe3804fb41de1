"""The benchmark of expressions asks for Routes that are there."""

from __future__ import annotations

import pytest

from bench.expressions import SHAPES, Shape, main, measured


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_each_shape_finds_its_routes(shape: Shape) -> None:
    """Every request is taken by the Route that it is for, whichever step is measured."""
    name, *costs = measured(shape, 30)
    assert name == shape.name
    assert len(costs) == 5
    assert all(float(cost) >= 0 for cost in costs)


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each shape."""
    main(["--routes", "20"])
    printed = capsys.readouterr().out
    assert printed.startswith("== expressions: 20 Routes")
    assert all(shape.name in printed for shape in SHAPES)
