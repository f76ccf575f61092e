from dataclasses import replace

from brainlens.evaluation.report.tables import (
    SUBGROUP_HEAD,
    class_head,
    class_rows,
    confusion_rows,
    overall_rows,
    subgroup_rows,
)

from .measured import CLASSES, measurement_of_ten


def test_rows_of_figures() -> None:
    rows = overall_rows(measurement_of_ten())
    assert rows[0][:2] == ("accuracy", "0.7000")
    low, high = rows[0][2].split(" – ")
    assert float(low) < 0.7 < float(high)
    assert len(rows) == 8


def test_rows_of_classes_write_undefined_as_a_dash() -> None:
    rows = class_rows(measurement_of_ten())
    assert rows[0] == (
        *("alpha", "0.8333", "0.7143", "0.6667", "0.7692"),
        *("0.7381", "0.8177", "7"),
    )
    assert rows[2] == ("gamma", "0.0000", "–", "0.9000", "0.0000", "–", "–", "0")
    assert {len(row) for row in rows} == {len(class_head())}
    assert class_head("patient")[-1] == "patients"


def test_rows_of_subgroups() -> None:
    part = measurement_of_ten()
    (row, without) = subgroup_rows({"small": part, "none": replace(part, metrics=())})
    assert len(row) == len(SUBGROUP_HEAD)
    assert row[:4] == ("small", "10", "10", "0.7000")
    low, high = row[4].split(" – ")
    assert float(low) < 0.7 < float(high)
    assert row[5] == f"{(5 / 7 + 2 / 3) / 2:.4f}"
    assert without == ("none", "10", "10", "–", "", "–")
    (unknown,) = subgroup_rows({"small": replace(part, n_patients=None)})
    assert unknown[2] == "–"


def test_rejected_slices_get_a_column_only_where_there_are_some() -> None:
    assert confusion_rows(CLASSES, measurement_of_ten()) == [
        ("true class", "alpha", "beta", "gamma"),
        ("alpha", "5", "1", "1"),
        ("beta", "1", "2", "0"),
        ("gamma", "0", "0", "0"),
    ]
    rows = confusion_rows(CLASSES, measurement_of_ten(rejected=True))
    assert rows[0] == ("true class", "alpha", "beta", "gamma", "rejected")
    assert rows[1] == ("alpha", "4", "1", "1", "1")
