from pathlib import Path
from typing import Any

import pytest

from brainlens.bundle import Bundle, BundleInfo, load_bundle, revise, write_bundle
from brainlens.bundle.schema import CARD, DESCRIPTION, GATES, GRAPH, WEIGHTS, Metric
from brainlens.errors import UsageError

METRIC = Metric(name="accuracy", value=0.5, split="test", protocol="given", n_slices=8)


@pytest.fixture
def bundle(tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]) -> Bundle:
    write_bundle(tmp_path / "old", tiny_info, {**tiny_files, GATES: b"statistics"})
    return load_bundle(tmp_path / "old")


def test_a_revision_is_a_new_bundle_with_a_fresh_card(bundle: Bundle, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in bundle.path.iterdir()}
    new = revise(bundle, tmp_path / "new", metrics=(METRIC,), version="0.0.2")
    assert new.info.metrics == (METRIC,)
    assert new.info.version == "0.0.2"
    assert b"| accuracy | " in new.read(CARD)
    assert {path.name: path.read_bytes() for path in bundle.path.iterdir()} == before
    for name in (GRAPH, WEIGHTS, GATES):
        assert new.read(name) == bundle.read(name)
    # Figures do not decide an answer.
    assert new.info.decision_sha256 == bundle.info.decision_sha256


def test_a_change_of_what_decides_changes_the_hash(bundle: Bundle, tmp_path: Path) -> None:
    new = revise(bundle, tmp_path / "new", temperature=1.7)
    assert new.info.decision_sha256 != bundle.info.decision_sha256
    assert new.info.temperature == 1.7


def test_no_change_gives_the_same_bytes(bundle: Bundle, tmp_path: Path) -> None:
    new = revise(bundle, tmp_path / "new")
    assert (new.path / DESCRIPTION).read_bytes() == (bundle.path / DESCRIPTION).read_bytes()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"files": {}}, "files cannot be set"),
        ({"decision_sha256": "0"}, "decision_sha256 cannot be set"),
        ({"description_sha256": "0"}, "description_sha256 cannot be set"),
        ({"schema": 2}, "schema cannot be set"),
        ({"schema_version": 2}, "schema_version cannot be set"),
        ({"mood": "good"}, "mood cannot be set"),
        ({"temperature": -1}, "temperature breaks the bundle's schema"),
        ({"classes": ()}, "classes breaks the bundle's schema"),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    bundle: Bundle, tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        revise(bundle, tmp_path / "new", **changes)
    assert not (tmp_path / "new").exists()


def test_nothing_is_overwritten(bundle: Bundle) -> None:
    with pytest.raises(UsageError, match="never overwritten"):
        revise(bundle, bundle.path, version="2")
