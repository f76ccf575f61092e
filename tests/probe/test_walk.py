import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from brainlens.bundle.load import load_bundle
from brainlens.bundle.revise import revise
from brainlens.bundle.schema import Thresholds
from brainlens.errors import DataError, ServiceUnavailable, UsageError
from brainlens.outcomes import read_outcomes, write_outcomes
from brainlens.probe import probe
from brainlens.server.keys.scope import Scope
from brainlens.server.settings import Settings
from brainlens.words import DISCLAIMER

from ..live_service import Live, running
from .conftest import Scripted


def test_right_answers_are_counted_as_right(live: Live, images: Path, tiny_bundle: Path) -> None:
    report = probe(images, live.url)

    assert report.sent == report.statuses["answered"] == 6
    assert report.figures.accuracy == report.figures.confident == 1.0
    assert report.figures.confident_correct == report.figures.confident_accuracy == 1.0
    assert [c.support for c in report.figures.classes] == [2, 2, 2]
    assert report.aliases == {"folder_beta": "beta"}
    assert report.unmatched == report.failed == {}
    assert report.model.name == "tiny"
    assert report.model.decision_sha256 == load_bundle(tiny_bundle).info.decision_sha256
    assert not report.model.changed
    assert report.latency.median_ms
    assert report.latency.p95_ms
    assert report.latency.p95_ms >= report.latency.median_ms
    assert [o.path for o in report.outcomes] == sorted(o.path for o in report.outcomes)


def test_a_service_with_keys_is_probed_with_one(
    images: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    settings = Settings(port=0, bundles={"tiny": tiny_bundle}, data_dir=tmp_path / "kept")
    with running(settings) as live:
        _, key = live.service.storage.keys.create("probe", (Scope.PREDICT,))
        refused = probe(images, live.url)
        report = probe(images, live.url, key=key)

    assert refused.failed == {"key_needed": 6}
    assert report.failed == {}
    assert report.figures.accuracy == 1.0


def test_wrong_answers_are_counted_as_wrong(
    live: Live, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    for name, index in (("right", 0), ("wrong", 1)):
        (tmp_path / "alpha").mkdir(exist_ok=True)
        (tmp_path / "alpha" / f"{name}.png").write_bytes(slice_png(index))

    found = probe(tmp_path, live.url).figures

    assert found.accuracy == 0.5
    assert [c.precision for c in found.classes] == [1.0, 0.0, None]
    assert found.classes[0].sensitivity == 0.5


def test_threshold_is_the_probes_own(live: Live, images: Path, ambiguous_png: bytes) -> None:
    (images / "alpha" / "unsure.png").write_bytes(ambiguous_png)

    strict = probe(images, live.url, threshold=1.0)
    lenient = probe(images, live.url, threshold=0.0)

    assert strict.statuses == lenient.statuses == {"answered": 6, "abstained": 1, "rejected": 0}
    assert strict.reasons == lenient.reasons == {"low_confidence": 1}
    assert strict.to_dict()["reasons"] == {"low_confidence": 1}
    assert strict.figures.confident == 0.0
    assert lenient.figures.confident == 1.0


def test_images_seen_in_training_are_told_and_taken_out(
    live: Live, images: Path, seen_png: bytes
) -> None:
    (images / "alpha" / "seen.png").write_bytes(seen_png)

    report = probe(images, live.url)

    assert report.seen == 1
    assert report.first_line.startswith("1 of the 7 answered images were seen in training")
    assert report.figures.n == 7
    # The seen one is of beta and lies in alpha: without it all is right.
    assert report.figures.accuracy == pytest.approx(6 / 7)
    assert report.figures_unseen is not None
    assert report.figures_unseen.n == 6
    assert report.figures_unseen.accuracy == 1.0


def test_none_seen_is_said(live: Live, images: Path) -> None:
    report = probe(images, live.url)

    assert report.seen == 0
    assert report.figures_unseen is None
    assert report.first_line == "None of the 6 answered images was seen in training."


def test_damaged_files_are_counted_by_reason(live: Live, images: Path) -> None:
    (images / "alpha" / "empty.png").write_bytes(b"")
    (images / "alpha" / "letter.jpg").write_text("not an image")
    (images / "alpha" / "half.png").write_bytes((images / "alpha" / "0.png").read_bytes()[:60])
    (images / "readme.txt").write_text("about this set")

    report = probe(images, live.url)

    assert report.sent == 9
    assert report.failed == {"empty_image": 1, "not_an_image": 1, "unreadable_image": 1}
    assert report.passed_over == 1
    assert report.figures.n == 6
    assert len(report.outcomes) == 9


def test_folders_that_mean_nothing_stay_out(
    live: Live, images: Path, slice_png: Callable[..., bytes]
) -> None:
    (images / "delta").mkdir()
    (images / "delta" / "x.png").write_bytes(slice_png(0))
    (images / "loose.png").write_bytes(slice_png(0))

    report = probe(images, live.url)
    mapped = probe(images, live.url, explicit_map={"delta": "alpha"})

    assert report.unmatched == {"delta": 1}
    assert report.sent == 8
    assert report.figures.n == 6
    assert mapped.unmatched == {}
    assert mapped.figures.n == 7


def test_folder_without_classes_is_walked_all_the_same(
    live: Live, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    (tmp_path / "x.png").write_bytes(slice_png(0))

    report = probe(tmp_path, live.url)

    assert report.figures.accuracy is None
    assert report.figures.confident == 1.0


def test_progress_counts_every_image(live: Live, images: Path) -> None:
    calls: list[tuple[int, int]] = []

    probe(images, live.url, progress=lambda done, total: calls.append((done, total)))

    assert calls == [(n, 6) for n in range(1, 7)]


def test_walk_can_be_interrupted(live: Live, images: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        probe(images, live.url, progress=interrupt)


def test_same_folder_gives_the_same_report(live: Live, images: Path) -> None:
    one, many = probe(images, live.url, workers=1), probe(images, live.url, workers=6)

    assert one.outcomes == many.outcomes
    assert one.figures == many.figures


def test_report_is_json(live: Live, images: Path) -> None:
    report = json.loads(json.dumps(probe(images, live.url).to_dict(), allow_nan=False))

    assert next(iter(report)) == "first_line"
    assert report["figures"]["accuracy"] == 1.0
    assert report["figures"]["classes"][0]["class_id"] == "alpha"
    assert report["model"]["class_ids"] == ["alpha", "beta", "gamma"]
    assert report["disclaimer"] == DISCLAIMER
    assert "outcomes" not in report


def test_outcomes_can_be_written_and_read(live: Live, images: Path, tmp_path: Path) -> None:
    report = probe(images, live.url)

    write_outcomes(tmp_path / "o.csv", report.outcomes, report.model.class_ids)

    assert tuple(read_outcomes(tmp_path / "o.csv")) == report.outcomes


def test_model_is_chosen_and_its_change_is_noticed(
    tiny_bundle: Path, tmp_path: Path, images: Path
) -> None:
    other = tmp_path / "other"
    revise(load_bundle(tiny_bundle), other, thresholds=Thresholds(confidence=0.99))
    settings = Settings(port=0, bundles={"one": tiny_bundle, "two": other})
    with running(settings) as live:
        one = probe(images, live.url, model="one")
        two = probe(images, live.url, model="two")
        with pytest.raises(UsageError) as caught:
            probe(images, live.url, model="three")
        models = live.service.models
        swapped = replace(models.by_name["two"], name="one")
        changed = probe(
            images,
            live.url,
            workers=1,
            progress=lambda *_: models.replace(swapped),
        )

    assert one.model.decision_sha256 != two.model.decision_sha256
    assert not one.model.changed
    assert changed.model.changed
    assert "one, two" in caught.value.hint


def test_model_that_knows_nothing_of_its_training_says_so(
    tiny_bundle: Path, tmp_path: Path, images: Path
) -> None:
    private = tmp_path / "private"
    revise(load_bundle(tiny_bundle), private, seen=None)
    with running(Settings(port=0, bundles={"private": private})) as live:
        report = probe(images, live.url)

    assert report.seen is None
    assert report.figures_unseen is None
    assert "cannot say" in report.first_line
    assert all(o.seen_in_training is None for o in report.outcomes)


@pytest.mark.parametrize(
    "options",
    [{"threshold": 1.1}, {"workers": 0}, {"retries": -1}, {"explicit_map": {"x": "no class"}}],
)
def test_options_out_of_range_are_refused(
    live: Live, images: Path, options: dict[str, object]
) -> None:
    with pytest.raises(UsageError) as caught:
        probe(images, live.url, **options)  # type: ignore[arg-type]  # that is the point

    assert caught.value.hint


def test_service_that_is_not_there_is_said(images: Path, tiny_bundle: Path) -> None:
    with running(Settings(port=0, bundles={"tiny": tiny_bundle})) as live:
        url = live.url

    with pytest.raises(ServiceUnavailable):
        probe(images, url)


def test_folder_without_images_is_said(live: Live, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        probe(tmp_path, live.url)


def test_state_that_cannot_be_read_is_said(scripted: Scripted, images: Path) -> None:
    scripted.script = [(200, {}, b'{"models": [{"name": "x", "default": true}]}')]

    with pytest.raises(ServiceUnavailable, match="state"):
        probe(images, scripted.url)


def test_answers_that_are_none_fail_their_images(
    live: Live, scripted: Scripted, images: Path
) -> None:
    scripted.script = [(200, {}, live.get("/").content), *[(200, {}, b"{}")] * 6]

    report = probe(images, scripted.url)

    assert report.failed == {"not_an_answer": 6}
    assert report.latency.median_ms is None
    assert report.figures.n == 0
