import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainlens.errors import DataError, StorageError
from brainlens.outcomes import COLUMNS, Outcome, read_outcomes, write_outcomes

CLASSES = ("alpha", "beta")

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SHARE = st.floats(0, 1)
OUTCOMES = st.builds(
    Outcome,
    path=TEXT,
    label=TEXT,
    patient=TEXT,
    group=TEXT,
    fold=st.none() | st.integers(),
    status=st.sampled_from([None, "answered", "abstained", "rejected"]),
    reasons=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters=";"), min_size=1),
        max_size=3,
    ).map(tuple),
    predicted_class=st.none() | TEXT.filter(bool),
    confidence=st.none() | SHARE,
    seen_in_training=st.none() | st.booleans(),
    error=TEXT,
    probabilities=st.dictionaries(st.sampled_from(CLASSES), SHARE),
)

ANSWER = {
    "prediction_id": "1",
    "status": "abstained",
    "reasons": ["low_confidence"],
    "predicted_class": "beta",
    "confidence": 0.625,
    "probabilities": {"alpha": 0.375, "beta": 0.625},
    "seen_in_training": False,
    "warnings": [],
}


@given(st.lists(OUTCOMES, max_size=4))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, outcomes: list[Outcome]
) -> None:
    path = tmp_path_factory.mktemp("outcomes") / "outcomes.csv"
    write_outcomes(path, outcomes, CLASSES)
    assert read_outcomes(path) == outcomes


def test_columns_are_those_of_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.csv"
    outcome = Outcome.from_answer("a/1.png", ANSWER, label="beta", patient="7", fold=2)
    write_outcomes(path, [outcome], CLASSES)
    assert path.read_bytes() == (
        b"path,label,patient,group,fold,status,reasons,predicted_class,confidence,"
        b"seen_in_training,error,p:alpha,p:beta\r\n"
        b"a/1.png,beta,7,,2,abstained,low_confidence,beta,0.625,0,,0.375,0.625\r\n"
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_starts_like_a_formula(tmp_path: Path, start: str) -> None:
    evil = start + "cmd|' /C calc'!A0"
    path = tmp_path / "outcomes.csv"
    outcome = Outcome(
        path=evil,
        label=evil,
        patient=evil,
        group=evil,
        reasons=(evil,),
        predicted_class=evil,
        error=evil,
    )
    write_outcomes(path, [outcome], ())
    with path.open(newline="") as file:
        row = list(csv.reader(file))[1]
    assert [cell for cell in row if cell.startswith(start)] == []
    assert read_outcomes(path) == [outcome]


def test_an_apostrophe_of_another_tool_stays(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_text(",".join(COLUMNS) + "\n'quoted'.png" + "," * (len(COLUMNS) - 1) + "\n")
    assert read_outcomes(path)[0].path == "'quoted'.png"


def test_a_file_name_that_is_no_text_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.csv"
    write_outcomes(path, [Outcome.failed("bad\udcff.png", "unreadable_image: no")], ())
    (outcome,) = read_outcomes(path)
    assert (outcome.path, outcome.status) == ("bad\\udcff.png", None)
    assert outcome.error == "unreadable_image: no"


def test_columns_may_be_reordered_and_added_by_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.csv"
    header = ["p:b", "note", *reversed(COLUMNS)]
    values = {"path": "1.png", "status": "answered", "p:b": "1.0", "note": "x"}
    rows = [header, [values.get(column, "") for column in header]]
    text = "\r\n".join(",".join(row) for row in rows) + "\r\n\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_outcomes(path) == [
        Outcome(path="1.png", status="answered", probabilities={"b": 1.0})
    ]


def test_a_rejected_answer_has_no_probabilities() -> None:
    answer = {
        **ANSWER,
        "status": "rejected",
        "predicted_class": None,
        "confidence": None,
        "probabilities": None,
    }
    outcome = Outcome.from_answer("1.png", answer)
    assert outcome.probabilities == {}
    assert outcome.confidence is None


@pytest.mark.parametrize(
    "change",
    [
        {"status": "sure"},
        {"status": []},
        {"confidence": 1.5},
        {"confidence": "high"},
        {"probabilities": {"alpha": -0.1}},
        {"probabilities": [1]},
        {"reasons": None},
        {"reasons": ["a;b"]},
        {"reasons": [""]},
        {"predicted_class": 3},
        {"seen_in_training": "perhaps"},
    ],
)
def test_what_is_no_answer_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(DataError, match=r"1\.png"):
        Outcome.from_answer("1.png", {**ANSWER, **change})


def test_an_answer_without_a_field_is_refused() -> None:
    with pytest.raises(DataError, match="status"):
        Outcome.from_answer("1.png", {})


def test_probabilities_of_an_unknown_class_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="delta"):
        write_outcomes(
            tmp_path / "o.csv", [Outcome(path="1.png", probabilities={"delta": 1})], CLASSES
        )


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("fold", "one"),
        ("status", "sure"),
        ("reasons", "a;;b"),
        ("confidence", "1.5"),
        ("confidence", "nan"),
        ("seen_in_training", "yes"),
        ("p:alpha", "much"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, column: str, cell: str) -> None:
    path = tmp_path / "outcomes.csv"
    header = [*COLUMNS, "p:alpha"]
    good = ["1.png"] + [""] * (len(header) - 1)
    bad = [cell if name == column else "" for name in header]
    path.write_text("\n".join(",".join(row) for row in (header, good, bad)))
    with pytest.raises(DataError, match=f"row 3 column {column}: '{cell}' is not"):
        read_outcomes(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"path,label\n", "row 1 has no column patient"),
        ((",".join(COLUMNS) + ",path\n").encode(), "row 1 has column path twice"),
        ((",".join(COLUMNS) + "\n1.png\n").encode(), "row 2 has 1 cells, the header has 11"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b'path,"label', "is not a CSV"),
    ],
)
def test_what_is_no_outcomes_file_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "outcomes.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_outcomes(path)


def test_a_file_system_that_refuses_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        read_outcomes(tmp_path / "missing.csv")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        write_outcomes(tmp_path / "file" / "o.csv", [], ())
