import hashlib
import hmac
import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.bundle import BundleInfo, load_bundle, revise, write_bundle
from brainlens.bundle.cautions import LEAKY, SYNTHETIC
from brainlens.bundle.schema import Thresholds
from brainlens.errors import (
    EmptyImage,
    ImageError,
    ImageTooLarge,
    NotAnImage,
    StorageError,
    UnreadableImage,
    UsageError,
)
from brainlens.imaging import Limits, read
from brainlens.inference import Answer, Predictor
from brainlens.inference.predictor import BLANK, COLOURFUL
from brainlens.words import DISCLAIMER

CLASSES = ("alpha", "beta", "gamma")
Make = Callable[..., bytes]


@pytest.fixture(scope="module")
def predictor(tiny_bundle: Path) -> Predictor:
    return Predictor(load_bundle(tiny_bundle), threads=1)


def _png(pixels: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_clear_slice_is_answered(predictor: Predictor, slice_png: Make, index: int) -> None:
    answer = predictor.predict(slice_png(index))
    assert (answer.status, answer.reasons) == ("answered", ())
    assert answer.predicted_class == CLASSES[index]
    assert answer.display_name == {
        "en": CLASSES[index].title(),
        "fr": f"{CLASSES[index].title()} (fr)",
    }
    assert answer.probabilities is not None
    assert tuple(answer.probabilities) == CLASSES
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert (
        answer.confidence
        == answer.probabilities[CLASSES[index]]
        == max(answer.probabilities.values())
    )
    assert answer.confidence > 0.99
    assert answer.threshold == 0.7
    assert answer.disclaimer == DISCLAIMER


def test_an_ambiguous_slice_is_abstained_and_says_what_it_saw(
    predictor: Predictor, ambiguous_png: bytes
) -> None:
    answer = predictor.predict(ambiguous_png)
    assert (answer.status, answer.reasons) == ("abstained", ("low_confidence",))
    assert answer.predicted_class in CLASSES
    assert answer.confidence == pytest.approx(1 / 3, abs=0.05)
    assert answer.probabilities is not None


def test_the_answer_cites_its_model(predictor: Predictor, slice_png: Make) -> None:
    model = predictor.predict(slice_png(0)).model
    assert (model.name, model.version) == ("tiny", "0.0.1")
    assert model.decision_sha256 == predictor.info.decision_sha256 == predictor.info.decision_hash()


def test_probabilities_are_those_of_the_network(predictor: Predictor) -> None:
    # Quadrant means 0.2, 0.4, 0.6, 0 at logit scale 8.
    levels = np.array([[51, 102], [153, 0]], dtype=np.uint8)
    answer = predictor.predict(_png(np.kron(levels, np.ones((16, 16), np.uint8))))
    powers = np.exp([1.6, 3.2, 4.8])
    assert answer.probabilities == pytest.approx(
        dict(zip(CLASSES, powers / powers.sum(), strict=True)), abs=1e-6
    )


def test_the_fitted_temperature_is_applied(
    predictor: Predictor, tiny_bundle: Path, slice_png: Make, tmp_path: Path
) -> None:
    hot = Predictor(revise(load_bundle(tiny_bundle), tmp_path / "hot", temperature=20.0))
    answer = hot.predict(slice_png(1))
    assert answer.predicted_class == "beta"
    assert (answer.status, answer.model.decision_sha256) == (
        "abstained",
        hot.info.decision_sha256,
    )
    assert hot.info.decision_sha256 != predictor.info.decision_sha256


def test_file_and_bytes_and_slice_are_answered_alike(
    predictor: Predictor, slice_png: Make, tmp_path: Path
) -> None:
    data = slice_png(2, side=77)
    (tmp_path / "s.png").write_bytes(data)
    answers = [
        predictor.predict(data),
        predictor.predict(tmp_path / "s.png"),
        predictor.predict(str(tmp_path / "s.png")),
        predictor.predict_slice(read(data)),
    ]
    assert len({answer.prediction_id for answer in answers}) == 4
    assert [a.probabilities for a in answers] == [answers[0].probabilities] * 4
    assert len({a.input.sha256 for a in answers[:3]}) == 1
    assert [(a.input.format, a.input.width, a.input.height) for a in answers] == [
        ("png", 77, 77)
    ] * 4
    assert "decode" in answers[0].timings_ms
    assert "decode" not in answers[3].timings_ms


def test_timings_add_up(predictor: Predictor, slice_png: Make) -> None:
    timings = predictor.predict(slice_png(0)).timings_ms
    assert list(timings) == ["decode", "preprocess", "inference", "total"]
    assert all(value >= 0 for value in timings.values())
    stages = timings["decode"] + timings["preprocess"] + timings["inference"]
    assert stages <= timings["total"] + 0.01


def test_the_hash_of_the_input_is_keyed(tiny_bundle: Path, slice_png: Make) -> None:
    bundle, data = load_bundle(tiny_bundle), slice_png(0)
    keyed = [
        Predictor(bundle, key=key).predict(data).input.sha256
        for key in (b"secret", b"secret", b"other", None, None)
    ]
    assert keyed[0] == keyed[1] == hmac.new(b"secret", data, hashlib.sha256).hexdigest()
    assert len(set(keyed)) == 4
    assert hashlib.sha256(data).hexdigest() not in keyed


def test_a_training_slice_is_known_again(
    predictor: Predictor, seen_png: bytes, slice_png: Make
) -> None:
    assert predictor.predict(seen_png).seen_in_training
    with Image.open(io.BytesIO(seen_png)) as image:
        buffer = io.BytesIO()
        image.resize((96, 96)).save(buffer, "JPEG", quality=85)
    assert predictor.predict(buffer.getvalue()).seen_in_training
    assert not any(predictor.predict(slice_png(i)).seen_in_training for i in range(3))


def test_a_bundle_without_hashes_knows_none(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes], seen_png: bytes
) -> None:
    write_bundle(tmp_path / "b", tiny_info, tiny_files)
    assert not Predictor(load_bundle(tmp_path / "b")).predict(seen_png).seen_in_training


def test_a_threshold_may_be_raised(predictor: Predictor, slice_png: Make) -> None:
    answer = predictor.predict(slice_png(0), threshold=1.0)
    assert (answer.status, answer.threshold) == ("abstained", 1.0)


def test_a_threshold_is_lowered_with_permission_only(
    predictor: Predictor, ambiguous_png: bytes
) -> None:
    with pytest.raises(UsageError, match="may only be raised"):
        predictor.predict(ambiguous_png, threshold=0.1)
    with pytest.raises(UsageError, match="may only be raised"):
        predictor.predict_slice(read(ambiguous_png), threshold=0.1)
    answer = predictor.predict(ambiguous_png, threshold=0.1, allow_lower=True)
    assert (answer.status, answer.threshold) == ("answered", 0.1)


def test_the_bundles_own_threshold_decides(
    tiny_bundle: Path, ambiguous_png: bytes, tmp_path: Path
) -> None:
    revised = revise(
        load_bundle(tiny_bundle), tmp_path / "low", thresholds=Thresholds(confidence=0.2)
    )
    assert Predictor(revised).predict(ambiguous_png).status == "answered"


def test_what_must_be_said_is_said(
    predictor: Predictor, tiny_bundle: Path, slice_png: Make, tmp_path: Path
) -> None:
    assert predictor.predict(slice_png(0)).warnings == (SYNTHETIC,)
    training = predictor.info.training.model_copy(
        update={"synthetic": False, "split_check": "leaky"}
    )
    leaky = Predictor(revise(load_bundle(tiny_bundle), tmp_path / "leaky", training=training))
    assert leaky.predict(slice_png(0)).warnings == (LEAKY,)


def test_a_colourful_image_and_a_blank_one_are_warned_of(predictor: Predictor) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    assert COLOURFUL in predictor.predict(_png(colours)).warnings
    assert BLANK in predictor.predict(_png(np.zeros((40, 40), np.uint8))).warnings


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyImage),
        (b"hello", NotAnImage),
        (b"%PDF-1.7 a report", NotAnImage),
        (b"\x89PNG\r\n\x1a\n broken", UnreadableImage),
    ],
)
def test_what_is_no_image_is_refused(
    predictor: Predictor, tmp_path: Path, data: bytes, error: type[ImageError]
) -> None:
    (tmp_path / "file.png").write_bytes(data)
    for source in (data, tmp_path / "file.png"):
        with pytest.raises(error):
            predictor.predict(source)


def test_an_image_beyond_the_limits_is_refused(
    tiny_bundle: Path, slice_png: Make, tmp_path: Path
) -> None:
    data = slice_png(0)
    (tmp_path / "s.png").write_bytes(data)
    small = Predictor(load_bundle(tiny_bundle), limits=Limits(max_bytes=len(data) - 1))
    for source in (data, tmp_path / "s.png"):
        with pytest.raises(ImageTooLarge):
            small.predict(source)
    with pytest.raises(ImageTooLarge):
        Predictor(load_bundle(tiny_bundle), limits=Limits(max_side=63)).predict(data)


def test_no_file_and_a_folder_are_refused(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is no file"):
        predictor.predict(tmp_path / "nothing.png")
    with pytest.raises(ImageError, match="is a folder"):
        predictor.predict(tmp_path)


def test_a_file_system_that_refuses(
    predictor: Predictor, slice_png: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s.png").write_bytes(slice_png(0))

    def refuse(self: Path, *args: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    # Root may read anything, so a mode cannot make the system refuse.
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StorageError, match="Permission denied"):
        predictor.predict(tmp_path / "s.png")


@pytest.mark.parametrize("workers", [1, 3])
def test_many_files_are_answered_in_order_and_a_bad_one_does_not_end_the_walk(
    predictor: Predictor, slice_png: Make, tmp_path: Path, workers: int
) -> None:
    paths = [tmp_path / f"{n}.png" for n in range(9)]
    for n, path in enumerate(paths):
        path.write_bytes(slice_png(n % 3, seed=n))
    paths[4].write_bytes(b"not an image")
    paths[6].unlink()
    results = list(predictor.predict_paths(iter(paths), workers=workers))
    assert [path for path, _ in results] == paths
    kinds = [type(result) for _, result in results]
    assert kinds == [Answer] * 4 + [NotAnImage, Answer, ImageError] + [Answer] * 2
    for n, (_, result) in enumerate(results):
        if isinstance(result, Answer):
            assert result.predicted_class == CLASSES[n % 3]


def test_thresholds_hold_for_many_files(
    predictor: Predictor, ambiguous_png: bytes, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(ambiguous_png)
    paths = [tmp_path / "a.png"]
    with pytest.raises(UsageError, match="may only be raised"):
        predictor.predict_paths(paths, threshold=0.1)
    ((_, answer),) = predictor.predict_paths(paths, threshold=0.1, allow_lower=True)
    assert isinstance(answer, Answer)
    assert answer.status == "answered"
    with pytest.raises(UsageError, match="0 workers"):
        predictor.predict_paths(paths, workers=0)


def test_a_predictor_outlives_its_bundles_folder(
    tiny_bundle: Path, slice_png: Make, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(tiny_bundle, tmp_path / "copy"))
    predictor = Predictor(load_bundle(copy))
    shutil.rmtree(copy)
    assert predictor.predict(slice_png(0)).predicted_class == "alpha"
