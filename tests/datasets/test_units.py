from pathlib import Path

from brainlens.datasets.manifest import Row
from brainlens.datasets.units import units

ROOT = Path("/data")


def test_units_join_through_chains_of_marks() -> None:
    rows = [
        Row(ROOT / "1", "a", patient="p", sha256="s1"),
        Row(ROOT / "2", "b", patient="q", sha256="s1", pixel_sha256="x"),
        Row(ROOT / "3", "b", group="g", patient="r", pixel_sha256="x"),
        Row(ROOT / "4", "b", group="g", patient="t"),
        Row(ROOT / "5", "b", group="h", patient="t"),
        Row(ROOT / "6", "a"),
        Row(ROOT / "7", "a"),
    ]
    assert sorted(unit.rows for unit in units(rows)) == [(0, 1, 2, 3, 4), (5,), (6,)]
    assert {unit.rows: unit.label for unit in units(rows)}[(0, 1, 2, 3, 4)] == "b"
