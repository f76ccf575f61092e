from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from brainlens.bundle import Bundle, load_bundle, revise
from brainlens.bundle.calibration import Prior
from brainlens.datasets.manifest import Manifest, Row
from brainlens.errors import DataError, UsageError
from brainlens.outcomes import Outcome, write_outcomes
from brainlens.pipeline.calibration_outcomes import out_of_fold_outcomes, own_outcomes

CLASSES = ("alpha", "beta", "gamma")
MIX = {"alpha": 0.4, "beta": 0.3, "gamma": 0.3}


@pytest.fixture
def bundle(tiny_bundle: Path) -> Bundle:
    return load_bundle(tiny_bundle)


@pytest.fixture
def manifest(
    tmp_path: Path, slice_png: Callable[..., bytes], seen_png: bytes, ambiguous_png: bytes
) -> Manifest:
    contents = {
        "a.png": (slice_png(0), "alpha", "p1", "val"),
        "b.png": (slice_png(1, seed=3), "folder_beta", "p2", "val"),
        "c.png": (ambiguous_png, "gamma", "p3", "val"),
        "seen.png": (seen_png, "beta", "p4", "val"),
        "damaged.png": (slice_png(2)[:200], "gamma", "p5", "val"),
        "stranger.png": (slice_png(2, seed=5), "delta", "p6", "val"),
        "nameless.png": (slice_png(2, seed=6), "", "p7", "val"),
        "test.png": (slice_png(0, seed=7), "alpha", "t1", "test"),
    }
    rows = []
    for name, (data, label, patient, split) in contents.items():
        (tmp_path / name).write_bytes(data)
        rows.append(Row(tmp_path / name, label=label, patient=patient, split=split))
    return Manifest(tmp_path, tuple(rows))


def _paths(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.path for outcome in outcomes]


def test_the_bundle_is_asked_about_what_it_was_not_trained_on(
    bundle: Bundle, manifest: Manifest
) -> None:
    found = own_outcomes(bundle, manifest)
    assert _paths(found.outcomes) == ["a.png", "b.png", "c.png"]
    assert [o.label for o in found.outcomes] == ["alpha", "beta", "gamma"]
    assert (found.split, found.protocol, found.out_of_fold) == ("val", "given", False)
    counts = (found.n_failed, found.n_unlabelled, found.n_seen, found.n_test)
    assert counts == (1, 1, 1, 0)
    assert found.unmatched == {"delta": 1}
    assert found.aliases == {"folder_beta": "beta"}


def test_a_set_without_splits_is_taken_whole(bundle: Bundle, manifest: Manifest) -> None:
    rows = [Row(row.path, label="alpha", patient=row.patient) for row in manifest.rows]
    found = own_outcomes(bundle, manifest.with_rows(rows))
    assert found.split == "test"
    assert len(found.outcomes) == 6


def test_a_prior_of_before_is_taken_out(bundle: Bundle, manifest: Manifest, tmp_path: Path) -> None:
    prior = Prior(shares={"alpha": 0.9, "beta": 0.05, "gamma": 0.05}, calibrated=MIX)
    turned = revise(bundle, tmp_path / "turned", prior=prior)
    plain = own_outcomes(bundle, manifest).outcomes
    for before, after in zip(plain, own_outcomes(turned, manifest).outcomes, strict=True):
        assert after.probabilities == pytest.approx(before.probabilities)


def test_nothing_left_is_said(bundle: Bundle, manifest: Manifest) -> None:
    only_seen = [row for row in manifest.rows if row.path.name == "seen.png"]
    with pytest.raises(DataError, match="None of the 1 slices"):
        own_outcomes(bundle, manifest.with_rows(only_seen))


def _outcome(path: str, label: str = "alpha", patient: str = "", **rest: object) -> Outcome:
    return Outcome(
        path,
        label=label,
        patient=patient,
        status="answered",
        predicted_class="alpha",
        confidence=0.8,
        probabilities={"alpha": 0.8, "beta": 0.1, "gamma": 0.1},
        **rest,  # type: ignore[arg-type]  # the tests give what fits
    )


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(*outcomes: Outcome, name: str = "outcomes.csv") -> Path:
        write_outcomes(tmp_path / name, outcomes, CLASSES)
        return tmp_path / name

    return write


def test_out_of_fold_outcomes_without_what_cannot_be_used(
    bundle: Bundle, manifest: Manifest, written: Callable[..., Path]
) -> None:
    first = written(
        _outcome("x1", patient="q1", fold=1),
        _outcome("x2", patient="t1", fold=1),
        _outcome("x3", patient="q2", seen_in_training=True),
        _outcome("x4", label=""),
        _outcome("x5", label="delta"),
        Outcome.failed("x6", "unreadable"),
    )
    second = written(_outcome("test.png"), _outcome("y1", label="folder_gamma"), name="second.csv")
    found = out_of_fold_outcomes(bundle, [first, second], manifest=manifest)
    assert _paths(found.outcomes) == ["x1", "y1"]
    assert [o.label for o in found.outcomes] == ["alpha", "gamma"]
    assert found.out_of_fold
    counts = (found.n_failed, found.n_unlabelled, found.n_seen, found.n_test)
    assert counts == (1, 1, 1, 2)
    assert found.unmatched == {"delta": 1}
    assert found.protocol == "given"


def test_groups_of_the_test_split_are_left_out_too(
    bundle: Bundle, manifest: Manifest, written: Callable[..., Path]
) -> None:
    rows = [
        Row(row.path, label=row.label, group="g", split=row.split, protocol="grouped")
        for row in manifest.rows
        if row.split == "test"
    ]
    table = written(_outcome("x1", group="g"), _outcome("x2", group="h"))
    found = out_of_fold_outcomes(bundle, [table], manifest=manifest.with_rows(rows))
    assert _paths(found.outcomes) == ["x2"]
    assert found.protocol == "grouped"


def test_without_a_manifest_nothing_is_left_out(
    bundle: Bundle, written: Callable[..., Path]
) -> None:
    table = written(_outcome("x1", patient="t1"), _outcome("x2", label="delta"))
    found = out_of_fold_outcomes(
        bundle, [table], explicit_map={"delta": "beta"}, protocol="official"
    )
    assert [(o.path, o.label) for o in found.outcomes] == [("x1", "alpha"), ("x2", "beta")]
    assert found.protocol == "official"


def test_a_slice_held_out_twice_is_refused(bundle: Bundle, written: Callable[..., Path]) -> None:
    first, second = written(_outcome("x")), written(_outcome("x"), name="second.csv")
    with pytest.raises(DataError, match="hold x 2 times"):
        out_of_fold_outcomes(bundle, [first, second])


def test_other_classes_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    other = Outcome(
        "x",
        label="alpha",
        status="answered",
        predicted_class="alpha",
        confidence=0.8,
        probabilities={"alpha": 0.8, "omega": 0.2},
    )
    write_outcomes(tmp_path / "o.csv", [other], ("alpha", "omega"))
    with pytest.raises(DataError, match="is about alpha, omega"):
        out_of_fold_outcomes(bundle, [tmp_path / "o.csv"])


def test_no_outcomes_are_refused(bundle: Bundle, written: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="None of the 0 slices"):
        out_of_fold_outcomes(bundle, [written()])


def test_a_map_to_no_class_is_refused(bundle: Bundle, written: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="does not fit"):
        out_of_fold_outcomes(bundle, [written(_outcome("x"))], explicit_map={"x": "omega"})


def test_a_bundle_with_a_prior_cannot_take_outcomes(
    bundle: Bundle, tmp_path: Path, written: Callable[..., Path]
) -> None:
    turned = revise(bundle, tmp_path / "turned", prior=Prior(shares=MIX, calibrated=MIX))
    with pytest.raises(UsageError, match="another class mix already"):
        out_of_fold_outcomes(turned, [written(_outcome("x"))])
