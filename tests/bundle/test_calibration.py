from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from brainlens.bundle import BundleInfo, load_bundle, revise, write_bundle
from brainlens.bundle.calibration import Calibration, PredictionSets, Prior, ProbabilityFigures
from brainlens.bundle.schema import DESCRIPTION, GRAPH, Thresholds
from brainlens.bundle.shipped import shipped
from brainlens.errors import UsageError
from brainlens.files import canonical_json, sha256_bytes

FIGURES = ProbabilityFigures(loss=0.5, brier=0.3, ece=0.1, ece_floor=0.05)
MIX = {"alpha": 0.5, "beta": 0.25, "gamma": 0.25}
SETS = PredictionSets(level=0.9, least={"alpha": 0.2, "beta": 0.1, "gamma": 0.0})
PRIOR = Prior(shares={"alpha": 0.2, "beta": 0.4, "gamma": 0.4}, calibrated=MIX)
CALIBRATION = Calibration(
    source="own",
    split="val",
    protocol="grouped",
    n_slices=9,
    n_patients=3,
    class_mix=MIX,
    before=FIGURES,
    after=FIGURES,
)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_bundles_from_before_calibration_load_and_keep_their_decision_hash(name: str) -> None:
    info = load_bundle(shipped()[name]).info
    assert info.decision_hash() == info.decision_sha256


def test_the_decision_hash_without_sets_and_prior_is_that_of_the_first_schema(
    tiny_bundle: Path,
) -> None:
    info = load_bundle(tiny_bundle).info
    first = {
        "preprocess": info.preprocess.model_dump(mode="json"),
        "classes": [c.model_dump(mode="json") for c in info.classes],
        "temperature": 1.0,
        "thresholds": {"confidence": 0.7, "target_error": None},
        "gates": [],
        "graph": info.files[GRAPH],
    }
    assert info.decision_sha256 == sha256_bytes(canonical_json(first))


@pytest.mark.parametrize(
    "change", [{"prior": PRIOR}, {"thresholds": Thresholds(prediction_sets=SETS)}]
)
def test_what_calibration_decides_changes_the_hash(
    tiny_bundle: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    old = load_bundle(tiny_bundle)
    new = revise(old, tmp_path / "new", **change)
    assert new.info.decision_sha256 != old.info.decision_sha256


def test_the_record_of_a_calibration_travels_and_decides_nothing(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    old = load_bundle(tiny_bundle)
    new = revise(old, tmp_path / "new", calibration=CALIBRATION)
    assert new.info.calibration == CALIBRATION
    assert new.info.decision_sha256 == old.info.decision_sha256


def test_a_description_without_the_new_fields_is_read(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    import json

    from brainlens.bundle.description import _own_hash, _spell

    write_bundle(tmp_path / "old", tiny_info, tiny_files)
    path = tmp_path / "old" / DESCRIPTION
    raw = json.loads(path.read_bytes())
    for name in ("prior", "calibration"):
        del raw[name]
    del raw["thresholds"]["prediction_sets"]
    raw["description_sha256"] = _own_hash(raw)
    path.write_bytes(_spell(raw))
    assert load_bundle(tmp_path / "old").info.thresholds.prediction_sets is None


@pytest.mark.parametrize(
    "change",
    [
        {"prior": {"shares": {"alpha": 0.5, "x": 0.5}, "calibrated": {"alpha": 0.5, "x": 0.5}}},
        {"thresholds": {"prediction_sets": {"level": 0.9, "least": {"alpha": 0.5}}}},
    ],
)
def test_other_classes_than_the_bundles_are_refused(
    tiny_bundle: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match="name other classes"):
        revise(load_bundle(tiny_bundle), tmp_path / "new", **change)


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"alpha": 0.5, "beta": 0.5}, "same classes"),
        ({"alpha": 0.5, "beta": 0.5, "gamma": 0.1}, "sum to 1"),
        ({"alpha": 1.0, "beta": 0.0, "gamma": 0.0}, "less than 1"),
    ],
)
def test_a_mix_that_is_none_is_refused(shares: dict[str, float], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Prior(shares=shares, calibrated=MIX)
