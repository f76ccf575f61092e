import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.datasets.cheng import CHENG_LABELS
from brainlens.datasets.fetch.lesion_facts import CHENG_LESIONS, LesionFacts, differences, measure
from brainlens.datasets.fetch.slice_record import SliceRecord

REAL = Path(__file__).parents[4] / "shared" / "data" / "cheng"


def record(pixels: int, *, label: str = "glioma", x: float = 0.3, y: float = 0.6) -> SliceRecord:
    return SliceRecord(
        number=1, label=label, pid="1", width=100, height=50, lowest=0, highest=9,
        lesion_pixels=pixels, lesion_x=x, lesion_y=y,
    )  # fmt: skip


def test_facts_are_shares_of_the_slice() -> None:
    facts = measure([record(100), record(200, x=0.5), record(300)])
    assert facts.total == pytest.approx(600 / 5000)
    assert facts.median == pytest.approx(0.04)
    assert facts.low == pytest.approx(0.022)
    assert facts.high == pytest.approx(0.058)
    assert (facts.x, facts.y) == pytest.approx((1.1 / 3, 0.6))


RECORDS = (record(100), record(200), record(300))
FACTS = measure(RECORDS)


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        (FACTS, []),
        (replace(FACTS, total=FACTS.total * 1.04, x=FACTS.x + 0.01), []),
        (replace(FACTS, total=FACTS.total * 1.1), ["mask area of glioma (total) 0.12, expected"]),
        (replace(FACTS, median=0.05), ["mask area of glioma (median) 0.04, expected 0.05"]),
        (replace(FACTS, x=FACTS.y, y=FACTS.x), ["mask centre of glioma (x)", "mask centre of"]),
    ],
)
def test_a_fact_that_differs_is_named(expect: LesionFacts, says: list[str]) -> None:
    found = differences(RECORDS, {"glioma": expect})
    assert len(found) == len(says)
    assert all(line.startswith(start) for line, start in zip(found, says, strict=True))


def test_a_class_without_masks_is_named() -> None:
    assert differences(RECORDS, {"pituitary": FACTS}) == ["no mask of class pituitary"]


@pytest.mark.real_data
@pytest.mark.skipif(not REAL.is_dir(), reason="the real slices are not beside the project")
def test_the_facts_are_those_of_the_real_masks() -> None:
    # Every fifth slice keeps this quick; the facts hold for it within wider bounds.
    with (REAL / "slices.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[::5]
    records = []
    for row in rows:
        mask = np.asarray(Image.open(REAL / "masks" / f"{row['slice']}.png")) > 0
        ys, xs = np.nonzero(mask)
        records.append(
            SliceRecord(
                number=1, label=CHENG_LABELS[int(row["label"])], pid="1", width=512, height=512,
                lowest=0, highest=0,
                lesion_pixels=len(ys), lesion_x=float(xs.mean()) / 512,
                lesion_y=float(ys.mean()) / 512,
            )
        )  # fmt: skip
    for label, facts in CHENG_LESIONS.items():
        got = measure([r for r in records if r.label == label])
        assert got.total * 5 == pytest.approx(facts.total, rel=0.05)
        assert got.median == pytest.approx(facts.median, rel=0.15)
        assert (got.x, got.y) == pytest.approx((facts.x, facts.y), abs=0.02)
