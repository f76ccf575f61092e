"""Evaluation through the real predictor; the tiny bundle is sure of every image drawn for it."""

import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.bundle.revise import revise
from brainlens.datasets.manifest import Manifest, Progress, Row
from brainlens.datasets.stage import silent
from brainlens.errors import BelowMinimum, DataError, UsageError
from brainlens.evaluation.evaluate import evaluate
from brainlens.inference.predictor import Predictor

CLASSES = ("alpha", "beta", "gamma")


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return load_bundle(tiny_bundle)


@pytest.fixture
def make(tmp_path: Path, slice_png: Callable[..., bytes]) -> Callable[..., Row]:
    def row(
        shown: int,
        label: str,
        name: str,
        split: str = "test",
        patient: str = "",
        group: str = "",
    ) -> Row:
        path = tmp_path / f"{name}.png"
        path.write_bytes(slice_png(shown, seed=len(list(tmp_path.iterdir())) + 10))
        return Row(path, label=label, split=split, patient=patient, group=group)

    return row


def _manifest(root: Path, *rows: Row) -> Manifest:
    return Manifest(root, rows)


def test_every_slice_is_counted_where_the_truth_says(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    rows = [
        make(0, "alpha", "a1", patient="p1"),
        make(0, "alpha", "a2", patient="p1"),
        make(1, "alpha", "wrong", patient="p2"),
        make(1, "beta", "b", patient="p3"),
        make(2, "gamma", "train", split="train", patient="p4"),
    ]
    manifest = _manifest(tmp_path, *(replace(row, protocol="official") for row in rows))
    found = evaluate(bundle, manifest)
    assert found.all.confusion.tolist() == [[2, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert found.all.value("accuracy") == pytest.approx(3 / 4)
    assert found.all.value("sensitivity", "alpha") == pytest.approx(2 / 3)
    assert (found.all.n_slices, found.all.n_patients) == (4, 3)
    assert [o.path for o in found.outcomes] == ["a1.png", "a2.png", "wrong.png", "b.png"]
    assert {m.decision_sha256 for m in found.metrics} == {bundle.info.decision_sha256}
    assert {(m.split, m.protocol) for m in found.metrics} == {("test", "official")}


def test_gates_are_held_against_the_network_alone(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row], slice_png: Callable[..., bytes]
) -> None:
    sanity = {"gate": "image_sanity", "max_aspect": 3.0, "max_colour": 0.1, "min_side": 48}
    gated = revise(bundle, tmp_path / "gated", gates=(sanity,))
    # A slice the network is sure of and right about, stretched beyond what scanners make.
    with Image.open(io.BytesIO(slice_png(1))) as image:
        image.resize((64, 256)).save(tmp_path / "tall.png")
    rows = [make(i, CLASSES[i], CLASSES[i], patient=f"p{i}") for i in range(3)]
    rows.append(Row(tmp_path / "tall.png", label="beta", split="test", patient="p9"))
    found = evaluate(gated, _manifest(tmp_path, *rows))
    assert [o.status for o in found.outcomes] == ["answered"] * 3 + ["rejected"]
    assert found.outcomes[3].probabilities == {}
    assert found.gates is not None
    assert found.gates.reasons == {"not_brain_mr": 1}
    assert found.gates.with_gates["answer_rate"].value == pytest.approx(3 / 4)
    network = Predictor(bundle).predict(rows[3].path)
    assert network.status == "answered"
    assert found.gates.without_gates["answer_rate"].value == 1
    assert found.gates.n_held_back_correct == (network.predicted_class == "beta")
    assert found.to_dict()["gates"]["n_held_back"] == 1
    assert evaluate(bundle, _manifest(tmp_path, *rows)).gates is None


def test_what_is_evaluated_is_what_is_served(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row], ambiguous_png: bytes
) -> None:
    rows = [make(i, CLASSES[i], CLASSES[i]) for i in range(3)]
    (tmp_path / "unsure.png").write_bytes(ambiguous_png)
    rows.append(Row(tmp_path / "unsure.png", label="alpha", split="test"))
    found = evaluate(bundle, _manifest(tmp_path, *rows))
    predictor = Predictor(bundle)
    for row, outcome in zip(rows, found.outcomes, strict=True):
        answer = predictor.predict(row.path)
        assert outcome.status == answer.status
        assert outcome.predicted_class == answer.predicted_class
        assert outcome.probabilities == answer.probabilities
    assert found.all.value("confident") == pytest.approx(3 / 4)
    assert found.all.value("confident_accuracy") == 1
    assert found.all.value("confident_correct") == pytest.approx(3 / 4)


def test_truth_meets_class_by_alias_or_map_and_the_rest_stays_out(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    rows = [
        make(0, "folder_alpha", "alias"),
        make(1, "second", "mapped"),
        make(2, "delta", "unknown1"),
        make(2, "delta", "unknown2"),
        make(2, "", "unlabelled"),
    ]
    found = evaluate(bundle, _manifest(tmp_path, *rows), explicit_map={"second": "beta"})
    assert found.aliases == {"folder_alpha": "alpha"}
    assert found.unmatched == {"delta": 2}
    assert found.n_unlabelled == 1
    assert [o.label for o in found.outcomes] == ["alpha", "beta"]
    assert found.all.value("accuracy") == 1
    assert found.all.n_patients is None


def test_a_map_to_no_class_is_refused(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    manifest = _manifest(tmp_path, make(0, "alpha", "a"))
    with pytest.raises(UsageError, match=r"epsilon.*Classes: alpha, beta, gamma"):
        evaluate(bundle, manifest, explicit_map={"alpha": "epsilon"})


def test_damaged_and_missing_files_are_counted_and_in_no_figure(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    good, bad, gone = make(0, "alpha", "g"), make(1, "beta", "bad"), make(1, "beta", "gone")
    bad.path.write_bytes(bad.path.read_bytes()[:200])
    gone.path.unlink()
    found = evaluate(bundle, _manifest(tmp_path, good, bad, gone))
    assert found.n_failed == 2
    assert found.all.n_slices == 1
    assert [bool(o.error) for o in found.outcomes] == [False, True, True]
    assert found.outcomes[1].error.startswith("unreadable_image")
    with pytest.raises(DataError, match="None of the 1 images can be read"):
        evaluate(bundle, _manifest(tmp_path, bad))


def test_figures_without_the_images_seen_in_training(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row], seen_png: bytes
) -> None:
    (tmp_path / "seen.png").write_bytes(seen_png)
    seen = Row(tmp_path / "seen.png", label="beta", split="test")
    rows = [make(0, "alpha", "a"), make(0, "beta", "wrong"), seen]
    found = evaluate(bundle, _manifest(tmp_path, *rows))
    assert found.n_seen == 1
    assert found.seen_sentence == "The model was trained on 1 of these 3 images."
    assert found.unseen is not None
    assert found.all.value("accuracy") == pytest.approx(2 / 3)
    assert found.unseen.value("accuracy") == pytest.approx(1 / 2)
    assert {m.protocol for m in found.unseen.metrics} == {"given, without images seen in training"}
    nothing_else = evaluate(bundle, _manifest(tmp_path, seen))
    assert nothing_else.unseen is not None
    assert nothing_else.unseen.metrics == ()
    assert nothing_else.unseen.value("accuracy") is None


def test_a_bundle_without_hashes_says_that_it_cannot_tell(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    silent = revise(bundle, tmp_path / "silent", seen=None)
    found = evaluate(silent, _manifest(tmp_path, make(0, "alpha", "a")))
    assert found.seen_sentence.startswith("The model does not record")
    assert found.to_dict()["n_seen"] is None


def test_figures_without_groups_that_other_splits_hold(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    rows = [
        make(0, "alpha", "a", patient="p1", group="g1"),
        make(0, "beta", "wrong", patient="p2", group="g2"),
        make(2, "gamma", "train", split="train", patient="p3", group="g1"),
    ]
    found = evaluate(bundle, _manifest(tmp_path, *rows))
    assert found.unshared is not None
    assert found.unshared.n_slices == 1
    assert found.unshared.value("accuracy") == 0
    assert {m.protocol for m in found.unshared.metrics} == {
        "given, without groups shared with another split"
    }
    apart = [replace(row, group="") for row in rows]
    assert evaluate(bundle, _manifest(tmp_path, *apart)).unshared is None


def test_patients_then_groups_are_drawn_together(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    slices = [make(i % 2, "alpha", f"s{i}") for i in range(6)]

    def interval(manifest: Manifest) -> tuple[float, float] | None:
        return evaluate(bundle, manifest).metrics[0].interval

    assert interval(_manifest(tmp_path, *slices)) is not None
    one_patient = [replace(row, patient="p") for row in slices]
    assert interval(_manifest(tmp_path, *one_patient)) is None
    one_group = [replace(row, group="p") for row in slices]
    assert interval(_manifest(tmp_path, *one_group)) is None


def test_a_set_without_splits_is_a_test_set(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    manifest = _manifest(tmp_path, make(0, "alpha", "a", split=""), make(1, "beta", "b", split=""))
    assert evaluate(bundle, manifest).all.n_slices == 2
    with pytest.raises(DataError, match="split val"):
        evaluate(bundle, manifest, split="val")


@pytest.mark.parametrize(
    ("label", "message"), [("delta", "--map"), ("", "has a label")], ids=["unmatched", "unlabelled"]
)
def test_nothing_to_measure_is_said(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row], label: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        evaluate(bundle, _manifest(tmp_path, make(0, label, "a")))


def test_progress_is_told(bundle: Bundle, tmp_path: Path, make: Callable[..., Row]) -> None:
    told: list[tuple[int, int]] = []
    manifest = _manifest(tmp_path, *(make(0, "alpha", f"a{i}") for i in range(3)))
    evaluate(bundle, manifest, workers=2, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_lesions_are_measured_by_their_masks(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    rows = []
    for i, side in enumerate((10, 20, 40)):
        pixels = np.zeros((64, 64), dtype=np.uint8)
        pixels[:side, :side] = 255
        mask = tmp_path / f"mask{i}.png"
        Image.fromarray(pixels).save(mask)
        rows.append(replace(make(0, "alpha", f"s{i}", patient=f"p{i}"), mask=mask))
    rows.append(make(1, "alpha", "without", patient="p9"))
    steps: list[str] = []

    def stage(words: str) -> AbstractContextManager[Progress]:
        steps.append(words)
        return silent(words)

    found = evaluate(bundle, _manifest(tmp_path, *rows), spacing_mm=1.0, stage=stage)
    assert steps == [
        "Evaluating",
        "Measuring lesions by their masks",
        "Drawing patients for the intervals",
    ]
    # Squares of 10, 20 and 40 mm have the area of discs of 11.3, 22.6 and 45.1 mm.
    sizes = {name: part.n_slices for name, part in found.subgroups.items() if "third" not in name}
    assert sizes == {
        "lesions below 20 mm": 1,
        "lesions of 20 to 30 mm": 1,
        "lesions of 40 mm or more": 1,
    }
    assert all(part.value("accuracy") == 1 for part in found.subgroups.values())
    assert found.all.value("accuracy") == pytest.approx(3 / 4)
    in_bundle = [m for m in found.metrics if m.subgroup is not None]
    assert {m.class_id for m in in_bundle} == {None}
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert content["schema"] == 3
    assert content["patients"]["n_patients"] == 4
    assert set(content["subgroups"]) == set(found.subgroups)
    assert any("whole examinations" in note for note in content["notes"])


def test_a_wanted_accuracy_is_checked_on_unseen_slices(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row], seen_png: bytes
) -> None:
    (tmp_path / "seen.png").write_bytes(seen_png)
    seen = Row(tmp_path / "seen.png", label="beta", split="test")
    rows = [make(0, "alpha", "a"), make(0, "beta", "wrong"), seen]
    found = evaluate(bundle, _manifest(tmp_path, *rows))
    found.require_accuracy(0.5)
    with pytest.raises(BelowMinimum, match=r"without images seen in training is 0\.5000"):
        found.require_accuracy(0.6)
    with pytest.raises(BelowMinimum, match="undefined"):
        evaluate(bundle, _manifest(tmp_path, seen)).require_accuracy(0.0)


def test_the_figures_go_into_a_new_bundle_and_into_json(
    bundle: Bundle, tmp_path: Path, make: Callable[..., Row]
) -> None:
    rows = [make(i % 3, CLASSES[i % 3], f"s{i}", patient=f"p{i}") for i in range(6)]
    found = evaluate(bundle, _manifest(tmp_path, *rows))
    revised = revise(bundle, tmp_path / "revised", metrics=found.metrics)
    assert revised.info.metrics == found.metrics
    assert revised.info.decision_sha256 == bundle.info.decision_sha256
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert content["all"]["n_slices"] == 6
    assert content["unseen"] is None
    assert content["cautions"]
    assert "Not a medical device" in content["disclaimer"]
