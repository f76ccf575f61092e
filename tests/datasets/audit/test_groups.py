from pathlib import Path

from brainlens.datasets.audit.copy_sets import CopySet
from brainlens.datasets.audit.groups import groups
from brainlens.datasets.manifest import Row


def row(n: int, patient: str = "", group: str = "") -> Row:
    return Row(Path(f"/data/{n}"), patient=patient, group=group)


def test_unknown_patients_get_their_pseudo_patient() -> None:
    rows = [row(0), row(1), row(2)]
    assert groups(rows, [], ["p-1", "p-1", "p-2"]) == ("p-1", "p-1", "p-2")


def test_known_ones_stay_whatever_they_look_like() -> None:
    rows = [row(0, "a"), row(1, "b"), row(2, "c", "g"), row(3, "d", "g")]
    assert groups(rows, [], ["p-1"] * 4) == ("a", "b", "g", "g")


def test_a_patient_in_two_groups_joins_them() -> None:
    rows = [row(0, "a", "g"), row(1, "a", "h"), row(2, "b", "h")]
    assert groups(rows, [], ["p"] * 3) == ("g", "g", "g")


def test_copies_join_patients() -> None:
    rows = [row(0, "b"), row(1, "a"), row(2), row(3, "c")]
    sets = [CopySet((0, 1), "near", (), ()), CopySet((1, 2), "bytes", (), ())]
    assert groups(rows, sets, ["p-1", "p-2", "p-3", "p-4"]) == ("a", "a", "a", "c")


def test_a_pseudo_patient_is_not_taken_for_one_of_an_earlier_audit() -> None:
    rows = [row(0, group="pseudo-1"), row(1)]
    first, second = groups(rows, [], ["x", "pseudo-1"])
    assert first == "pseudo-1"
    assert second not in ("", first)
