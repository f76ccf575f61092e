"""The option reaches the run's choices, of `train` and `crossval` alike."""

from pathlib import Path

import pytest

from .conftest import Command


@pytest.mark.parametrize("verb", ["train", "crossval"])
def test_a_weight_below_zero_is_refused_before_anything_is_read(
    brainlens: Command, tmp_path: Path, verb: str
) -> None:
    said = brainlens(
        verb, "--data", tmp_path / "none", "--out", tmp_path / "out", "--preset", "guided",
        "--lesion-weight", -1,
    )  # fmt: skip
    assert said.status == 2
    assert "lesion_weight" in said.error
    assert not (tmp_path / "out").exists()
