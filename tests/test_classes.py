import pytest
from pydantic import ValidationError

from brainlens.classes import ClassInfo, TruthMap

CLASSES = [
    ClassInfo(id="a", display_name={"en": "A", "fr": "A"}, aliases=("alpha",)),
    ClassInfo(id="b", display_name={"en": "B", "fr": "B"}),
]


def test_a_label_meets_its_class_by_id_then_alias_then_map() -> None:
    truth = TruthMap(CLASSES, {"second": "b"})
    assert [truth.find(x) for x in ("a", "alpha", "second", "b", "other", "")] == [
        "a", "a", "b", "b", None, None,
    ]  # fmt: skip


def test_the_aliases_used_are_remembered_to_be_said_aloud() -> None:
    truth = TruthMap(CLASSES)
    truth.find("a")
    assert truth.aliases_used == set()
    truth.find("alpha")
    assert truth.aliases_used == {("alpha", "a")}


def test_what_the_user_said_wins() -> None:
    assert TruthMap(CLASSES, {"alpha": "b"}).find("alpha") == "b"


def test_a_map_to_a_class_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no such class: c"):
        TruthMap(CLASSES, {"x": "c"})


def test_a_class_of_which_only_the_label_is_known_is_shown_readably() -> None:
    assert ClassInfo.from_id("brain_menin").display_name == {
        "en": "brain menin",
        "fr": "brain menin",
    }
    assert ClassInfo.from_id("_").display_name["en"] == "_"


def test_a_class_needs_an_id() -> None:
    with pytest.raises(ValidationError):
        ClassInfo(id="", display_name={})
