import json
from pathlib import Path

import pytest

from brainlens.errors import DataError, UsageError
from brainlens.pipeline.foreign.class_list import find_classes


def _declare(folder: Path, *classes: dict[str, object]) -> Path:
    (folder / "dataset.json").write_text(json.dumps({"classes": classes}))
    return folder


def test_classes_of_shipped_bundles_are_known_in_the_order_given() -> None:
    found = find_classes(["pituitary", "glioma"])
    assert [c.id for c in found] == ["pituitary", "glioma"]
    assert found[1].display_name == {"en": "Glioma", "fr": "Gliome"}
    assert found[1].aliases == ("brain_glioma",)


def test_others_are_declared_as_beside_a_manifest(tmp_path: Path) -> None:
    names = {"en": "No tumour", "fr": "Sans tumeur"}
    _declare(tmp_path, {"id": "none", "display_name": names, "role": "no_lesion"})
    found = find_classes(["none", "glioma"], tmp_path)
    assert found[0].display_name == names
    assert found[0].role == "no_lesion"
    assert found[1].display_name["fr"] == "Gliome"


def test_a_declaration_goes_before_what_ships(tmp_path: Path) -> None:
    _declare(tmp_path, {"id": "glioma", "display_name": {"en": "Other", "fr": "Autre"}})
    assert find_classes(["glioma", "pituitary"], tmp_path)[0].display_name["en"] == "Other"


@pytest.mark.parametrize("ids", [["glioma"], ["glioma", "glioma"], ["glioma", ""]])
def test_too_few_are_refused(ids: list[str]) -> None:
    with pytest.raises(UsageError, match="two different classes or more"):
        find_classes(ids)


def test_one_that_nobody_declared_is_refused() -> None:
    with pytest.raises(UsageError, match=r"class none; known: glioma, .*--declared-in"):
        find_classes(["glioma", "none"])


def test_the_declaration_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no dataset\.json"):
        find_classes(["glioma", "none"], tmp_path)
