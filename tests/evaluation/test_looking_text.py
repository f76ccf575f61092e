"""What is said of a model's looking."""

import re
from dataclasses import replace

import numpy as np
import pytest

from brainlens.evaluation.localisation import FIGURES
from brainlens.evaluation.looking import Looking
from brainlens.evaluation.looking_text import (
    LESION_FIGURES,
    lesion_rows,
    localisation_rows,
    looking_sentences,
    painting_rows,
)
from brainlens.evaluation.painting import CONDITIONS, Reading, painting
from brainlens.evaluation.ratio import Ratio

CLASSES = ("alpha", "beta")
HALF = Ratio(0.5, (0.25, 0.75), 8, 4)
NOTHING = Ratio(None, None, 0, 0)


def _looking(lesion_painted: tuple[int, ...] = (0,) * 8) -> Looking:
    readings = [
        {c: Reading(bool(right), True, 0.5) for c in CONDITIONS}
        | {"lesion_painted": Reading(bool(painted), True, 0.1)}
        for right, painted in zip((1, 1, 1, 0, 1, 1, 1, 0), lesion_painted, strict=True)
    ]
    truth = ["alpha"] * 6 + ["beta"] * 2
    return Looking(
        model="tiny 1",
        decision_sha256="0" * 64,
        class_ids=CLASSES,
        split="test",
        protocol="grouped",
        n_slices=8,
        n_patients=8,
        n_without_mask=0,
        n_rejected=0,
        n_silent=0,
        grid=(4, 5),
        failures=(),
        localisation={
            "all": dict.fromkeys(FIGURES, HALF),
            "alpha": dict.fromkeys(FIGURES, HALF),
            "beta": dict.fromkeys(FIGURES, NOTHING),
        },
        painting=painting(readings, truth, np.arange(8), CLASSES),
    )


def test_tables_have_a_row_a_figure_and_a_column_a_class() -> None:
    rows = localisation_rows(_looking())
    assert rows[0][2:] == CLASSES
    assert rows[1] == ("heat map's peak in the lesion", "0.500 (0.250 to 0.750)", "0.500", "–")
    assert len(rows) == 1 + len(FIGURES)
    painted = painting_rows(_looking())
    assert [len(row) for row in painted] == [6] * (1 + len(CONDITIONS))
    assert painted[2][0] == "lesion painted over"
    assert painted[2][1].startswith("0.000")
    assert painted[1][4:] == ("0.833", "0.500")


def test_a_lesion_map_is_told_of_where_there_is_one() -> None:
    bare = _looking()
    assert lesion_rows(bare) == []
    assert not any("lesion map" in sentence for sentence in looking_sentences(bare))
    found = replace(bare, lesion_grid=(8, 10), lesion_localisation=bare.localisation)
    rows = lesion_rows(found)
    assert rows[0] == ("lesion map", "all slices (95 % interval)", *CLASSES)
    assert rows[1] == ("lesion map's peak in the lesion", "0.500 (0.250 to 0.750)", "0.500", "–")
    assert len(rows) == 1 + len(LESION_FIGURES) == 6
    assert "lesion map, of 8 x 10 cells, lies in the lesion in 50.0%" in looking_sentences(found)[1]


def test_the_sentences_carry_the_figures() -> None:
    pointing, painted, alone = looking_sentences(_looking())
    assert "in 50.0% (25.0% to 75.0%) of slices" in pointing
    assert "4 x 5 cells" in pointing
    assert re.search(r"right in 0\.0% .*elsewhere, in 75\.0%", painted)
    assert "always would be right in 75.0%" in alone


@pytest.mark.parametrize(
    ("lesion_painted", "said"),
    [
        ((0,) * 8, "itself counts"),
        ((1, 1, 1, 0, 1, 1, 1, 0), "may be chance"),
        ((1, 1, 0, 0, 1, 1, 1, 1), "may be chance"),
        ((1,) * 8, "may be chance"),
    ],
)
def test_what_the_lesion_is_worth_depends_on_the_interval(
    lesion_painted: tuple[int, ...], said: str
) -> None:
    assert said in looking_sentences(_looking(lesion_painted))[1]


def test_a_model_that_does_better_without_the_lesion_is_called_out() -> None:
    found = _looking()
    better = {**found.painting.differences, "lesion_removed": Ratio(-0.3, (-0.5, -0.1), 8, 8)}
    worse = replace(found, painting=replace(found.painting, differences=better))
    assert "better without the lesion" in looking_sentences(worse)[1]
    alone = {**found.painting.differences, "lesion_removed": Ratio(0.5, None, 8, 1)}
    one = replace(found, painting=replace(found.painting, differences=alone))
    assert "From one patient it cannot be told" in looking_sentences(one)[1]


def test_what_was_left_out_is_said_and_what_is_not_there_is_not() -> None:
    bare = replace(
        _looking(),
        grid=None,
        n_without_mask=3,
        n_rejected=2,
        n_silent=1,
        failures=(("a.png", "bad"),),
        painting=painting([None], ["alpha"], np.array([0]), CLASSES),
    )
    said = looking_sentences(bare)
    assert [re.findall(r": (\d)\.", sentence) for sentence in said] == [
        ["3"],
        ["1"],
        ["2"],
        ["1"],
        ["1"],
    ]
    empty = replace(_looking(), localisation={"all": dict.fromkeys(FIGURES, NOTHING)})
    assert "no share" in looking_sentences(empty)[0]
    without = replace(HALF, interval=None)
    one = replace(_looking(), localisation={"all": dict.fromkeys(FIGURES, without)})
    assert "in 50.0% of slices" in looking_sentences(one)[0]
