from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from brainlens.bundle.tensors import MAX_BYTES, read_tensors
from brainlens.errors import DataError
from brainlens.evaluation.gate_features import GateFeatures
from brainlens.evaluation.gate_fit import BEYOND, RATE, GateFit, fit_gates, fit_subspace
from brainlens.inference.gates import Finding
from brainlens.inference.gates.distance import prefix
from brainlens.inference.gates.image_sanity import ImageSanity
from brainlens.inference.gates.subspace import Subspace

SANITY = ImageSanity()


def _normal(n: int, seed: int, spread: float = 1.0) -> NDArray[np.float32]:
    """Slices in 12 dimensions of which 3 vary much."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(3, 12))
    strong = rng.normal(size=(n, 3)) * spread @ mixing
    return (strong + 0.3 * rng.normal(size=(n, 12))).astype(np.float32)


def _slices(n: int, seed: int, name: str, insane: int = 0) -> GateFeatures:
    objection = Finding(rejects=False, reason="poor_quality")
    return GateFeatures(
        by_depth={"embedding": _normal(n, seed), "thumbnail": _normal(n, seed + 1)},
        findings=tuple(objection if i < insane else None for i in range(n)),
        groups=tuple(f"{name}-{i // 4}" for i in range(n)),
        changed=np.zeros(n, bool),
    )


def _fit(
    training: GateFeatures,
    calibration: GateFeatures,
    sanity: ImageSanity = SANITY,
    rate: float = RATE,
) -> GateFit:
    return fit_gates([training], [calibration], sanity, rate)


def _elsewhere(slices: GateFeatures) -> GateFeatures:
    """Changed copies that lie far from the slices."""
    moved = {depth: rows + np.float32(20) for depth, rows in slices.by_depth.items()}
    return replace(slices, by_depth=moved, changed=np.ones(len(slices), bool))


def _joined(first: GateFeatures, second: GateFeatures) -> GateFeatures:
    return GateFeatures(
        {d: np.concatenate([rows, second.by_depth[d]]) for d, rows in first.by_depth.items()},
        first.findings + second.findings,
        first.groups + second.groups,
        np.concatenate([first.changed, second.changed]),
    )


@pytest.mark.parametrize("rank", [2, 3, 5])
def test_distances_are_those_of_probabilistic_principal_components(rank: int) -> None:
    """Scikit-learn's PCA gives the same density (Tipping and Bishop) up to its constant."""
    values = _normal(400, 0).astype(np.float64)
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    model = PCA(rank).fit(standard)
    others = _normal(50, 7)
    subspace = fit_subspace(values, rank)
    theirs = model.score_samples((others - values.mean(axis=0)) / values.std(axis=0))
    ours = -0.5 * 12 * subspace.distances(others) ** 2
    # PCA divides by n - 1.
    np.testing.assert_allclose(
        theirs - theirs[0], (ours - ours[0]) * 399 / 400, rtol=1e-3, atol=0.02
    )


def test_training_slices_lie_at_about_one() -> None:
    values = _normal(2000, 1)
    assert np.mean(fit_subspace(values).distances(values) ** 2) == pytest.approx(1, abs=0.05)


def test_a_feature_that_never_varied_does_not_break_it() -> None:
    values = _normal(100, 1)
    values[:, 5] = 0
    subspace = fit_subspace(values)
    assert np.isfinite(subspace.distances(values)).all()
    assert fit_subspace(np.zeros((50, 4))).distances(np.ones((1, 4))) > 10


def test_rank_follows_the_number_of_slices() -> None:
    assert len(fit_subspace(_normal(30, 1)).axes) == 3
    assert len(fit_subspace(_normal(500, 1)).axes) == 6
    assert len(fit_subspace(_normal(500, 1), rank=2).axes) == 2


@pytest.mark.parametrize("rate", [0.02, 0.1])
def test_false_objections_of_all_gates_together_keep_the_rate(rate: float) -> None:
    fit = _fit(_slices(800, 1, "train"), _slices(1200, 11, "val"), rate=rate)
    assert rate * 1200 / 2 < fit.objections <= rate * 1200
    assert (fit.n_slices, fit.n_groups) == (1200, 300)
    # The limits hold for others of the same kind, and were not set wider than they had to be.
    others = _slices(8000, 21, "other")
    tensors = read_tensors(fit.statistics)
    objected = np.zeros(8000, bool)
    for record in fit.records[1:]:
        depth = str(record["depth"])
        trained = fit_subspace(_slices(800, 1, "train").by_depth[depth])
        np.testing.assert_array_equal(tensors[f"{depth}.axes"], trained.axes)
        limit = float(record["abstain_above"])
        objected |= trained.distances(others.by_depth[depth]) > limit
        assert record["reject_above"] == pytest.approx(BEYOND * limit)
    assert rate / 3 < objected.mean() < 1.5 * rate


def test_what_sanity_objects_to_counts() -> None:
    training = _slices(800, 1, "train")
    free = _fit(training, _slices(1200, 11, "val"))
    spent = _fit(training, _slices(1200, 11, "val", insane=20))
    assert spent.objections <= 24
    for wide, narrow in zip(spent.records[1:], free.records[1:], strict=True):
        assert float(wide["abstain_above"]) > float(narrow["abstain_above"])
    with pytest.raises(DataError, match="Image sanity objects to 25 of 1200"):
        _fit(training, _slices(1200, 11, "val", insane=25))


def test_the_first_gate_is_image_sanity_with_its_numbers() -> None:
    fit = _fit(_slices(100, 1, "train"), _slices(200, 2, "val"), ImageSanity(min_side=60))
    assert fit.records[0] == {
        "gate": "image_sanity",
        "max_aspect": 3.0,
        "max_colour": 0.1,
        "min_side": 60.0,
        "min_spread": 4.0,
    }
    assert len(fit.statistics) < MAX_BYTES


def test_patients_on_both_sides_are_refused() -> None:
    with pytest.raises(DataError, match="50 patients or groups are in the training and"):
        _fit(_slices(200, 1, "same"), _slices(200, 2, "same"))


@pytest.mark.parametrize(("n_training", "n_calibration"), [(19, 400), (400, 49)])
def test_too_few_slices_are_refused(n_training: int, n_calibration: int) -> None:
    with pytest.raises(DataError, match="too few"):
        _fit(_slices(n_training, 1, "train"), _slices(n_calibration, 2, "val"))


def test_the_distances_of_the_calibration_slices_are_kept_as_quantiles() -> None:
    calibration = _slices(400, 11, "cal")
    fitted = read_tensors(_fit(_slices(400, 10, "train"), calibration).statistics)
    subspace = fit_subspace(_slices(400, 10, "train").by_depth["embedding"])
    distances = subspace.distances(calibration.by_depth["embedding"])

    kept = fitted["embedding.reference"]

    assert len(kept) == 101
    assert kept[[0, 50, 100]] == pytest.approx(np.quantile(distances, [0, 0.5, 1]), rel=1e-5)
    assert "thumbnail.reference" in fitted


def _nearest(fit: GateFit, depth: str, rows: NDArray[np.float32]) -> NDArray[np.float64]:
    tensors = read_tensors(fit.statistics)
    parts = ("mean", "scale", "axes", "rest")
    views = (
        Subspace(**{part: tensors[f"{prefix(depth, view)}.{part}"] for part in parts})
        for view in range(2)
    )
    nearest: NDArray[np.float64] = np.min([view.distances(rows) for view in views], axis=0)
    return nearest


def test_a_view_of_changed_slices_is_let_through_and_nothing_between() -> None:
    training, calibration = _slices(800, 1, "train"), _slices(1200, 11, "val")
    fit = fit_gates(
        [training, _elsewhere(training)], [calibration, _elsewhere(calibration)], SANITY
    )
    others = _slices(4000, 21, "other")
    (first, *_) = fit.records[1:]
    depth, limit = str(first["depth"]), float(first["abstain_above"])
    assert first["views"] == 2
    # Of what is as it is no more is objected to than without the view, nor of what is changed.
    assert 12 < fit.objections <= 24
    for slices in (others, _elsewhere(others)):
        assert 0 < np.mean(_nearest(fit, depth, slices.by_depth[depth]) > limit) < 0.03
    half = others.by_depth[depth] + np.float32(10)
    assert np.mean(_nearest(fit, depth, half) > BEYOND * limit) > 0.99
    alone = fit_subspace(training.by_depth[depth])
    assert np.mean(alone.distances(_elsewhere(others).by_depth[depth]) > BEYOND * limit) > 0.99


def test_views_are_brought_to_one_scale() -> None:
    training, calibration = _slices(800, 1, "train"), _slices(1200, 11, "val")
    # Its own patients lie half as far again from its subspace.
    wide = _elsewhere(calibration)
    centre = {d: rows.mean(axis=0) for d, rows in wide.by_depth.items()}
    wide = replace(
        wide, by_depth={d: centre[d] + (r - centre[d]) * 1.5 for d, r in wide.by_depth.items()}
    )
    fit = fit_gates([training, _elsewhere(training)], [calibration, wide], SANITY)
    for record in fit.records[1:]:
        depth, limit = str(record["depth"]), float(record["abstain_above"])
        own = np.mean(_nearest(fit, depth, wide.by_depth[depth]) > limit)
        assert own == pytest.approx(0.02, abs=0.01)


def test_copies_widen_the_subspace_and_count_for_no_rate() -> None:
    training, calibration = _slices(800, 1, "train"), _slices(1200, 11, "val")
    both = [_joined(slices, _elsewhere(slices)) for slices in (training, calibration)]
    fit = fit_gates(both[:1], both[1:], SANITY)
    assert (fit.n_slices, fit.n_groups) == (1200, 300)
    assert 12 < fit.objections <= 24
    few = _slices(40, 2, "val")
    with pytest.raises(DataError, match="400 training and 40 calibration slices are too few"):
        _fit(_slices(400, 1, "train"), _joined(few, _elsewhere(few)))
