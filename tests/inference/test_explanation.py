import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from brainlens.bundle import BundleInfo, load_bundle, write_bundle
from brainlens.bundle.schema import GRAPH
from brainlens.errors import UsageError
from brainlens.imaging import Slice, read
from brainlens.inference import Answer, Predictor
from brainlens.inference.explanation import ClassPictures, Explanation, MapPictures
from brainlens.words import WHERE_IT_LOOKED

Make = Callable[..., bytes]


@pytest.fixture(scope="module")
def predictor(tiny_bundle: Path) -> Predictor:
    return Predictor(load_bundle(tiny_bundle), threads=1)


def _picture(text: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(text, validate=True)))


def _explained(answer: Answer) -> Explanation:
    assert answer.explanation is not None
    return answer.explanation


@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_predicted_class_is_explained(
    predictor: Predictor, slice_png: Make, index: int
) -> None:
    data = slice_png(index, side=77)
    answer = predictor.predict(data, explain=True)
    shown = _explained(answer)
    assert shown.class_id == answer.predicted_class
    assert shown.grid == (2, 2)
    assert shown.strength == 1
    assert shown.others == ()
    assert shown.lesion_map is None
    assert shown.meaning == WHERE_IT_LOOKED
    assert shown.peak is not None
    x, y = shown.peak
    row, column = divmod(index, 2)
    assert (y >= 38, x >= 38) == (bool(row), bool(column))
    overlay, bare = _picture(shown.overlay_png), _picture(shown.map_png)
    assert overlay.size == bare.size == (77, 77)
    assert (overlay.mode, bare.mode) == ("RGB", "L")
    assert np.asarray(bare)[y, x] == np.asarray(bare).max()
    assert overlay.info["Description"] == WHERE_IT_LOOKED["en"]


def test_other_classes_are_explained_once_each_on_one_scale(
    predictor: Predictor, slice_png: Make
) -> None:
    shown = _explained(
        predictor.predict(slice_png(1), explain=True, classes=("gamma", "beta", "gamma", "alpha"))
    )
    assert shown.class_id == "beta"
    assert [other.class_id for other in shown.others] == ["gamma", "alpha"]
    for other in shown.others:
        # The texture leaves a little light in the other quadrants.
        assert 0 <= other.strength < 0.2
        brightest = int(np.asarray(_picture(other.map_png)).max())
        assert brightest == pytest.approx(255 * other.strength, abs=1)


def test_an_explanation_changes_nothing_else(predictor: Predictor, slice_png: Make) -> None:
    data = slice_png(2)
    plain, explained = predictor.predict(data), predictor.predict(data, explain=True)
    apart = {"prediction_id", "timings_ms", "explanation"}
    assert plain.explanation is None
    assert plain.model_dump(exclude=apart) == explained.model_dump(exclude=apart)
    assert list(explained.timings_ms) == [
        "decode",
        "preprocess",
        "inference",
        "explanation",
        "total",
    ]


def test_an_abstained_answer_is_explained_too(predictor: Predictor, ambiguous_png: bytes) -> None:
    answer = predictor.predict_slice(read(ambiguous_png), explain=True)
    assert answer.status == "abstained"
    assert _explained(answer).class_id == answer.predicted_class


def test_many_files_are_explained(predictor: Predictor, slice_png: Make, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(slice_png(0))
    ((_, answer),) = predictor.predict_paths([path], explain=True, classes=["beta"])
    assert isinstance(answer, Answer)
    assert [other.class_id for other in _explained(answer).others] == ["beta"]


def test_a_class_that_is_not_there_is_refused(predictor: Predictor, slice_png: Make) -> None:
    with pytest.raises(UsageError, match=r"no class 'delta'.*alpha, beta, gamma"):
        predictor.predict(slice_png(0), explain=True, classes=("delta",))
    with pytest.raises(UsageError, match="no class 'x'"):
        predictor.predict_paths([], explain=True, classes=("beta", "x"))


def test_nothing_seen_has_no_peak(predictor: Predictor) -> None:
    shown = _explained(
        predictor.predict_slice(Slice(np.zeros((50, 60), np.uint8), "png"), explain=True)
    )
    assert shown.peak is None
    assert shown.strength == 0
    assert not np.asarray(_picture(shown.map_png)).any()


def test_the_json_speaks_of_class_and_can_be_read_again(
    predictor: Predictor, slice_png: Make
) -> None:
    answer = predictor.predict(slice_png(0), explain=True, classes=("beta",))
    told = answer.model_dump(mode="json")["explanation"]
    assert told["class"] == "alpha"
    assert told["others"][0]["class"] == "beta"
    assert {"peak", "grid", "overlay_png", "map_png"} <= set(told)
    assert Answer.model_validate_json(answer.model_dump_json()) == answer
    for part in (MapPictures, ClassPictures):
        assert "class_id" not in part.model_json_schema()["properties"]


def test_a_lesion_map_is_drawn_where_the_graph_has_one(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes], slice_png: Make
) -> None:
    model = onnx.load_from_string(tiny_files[GRAPH])
    model.graph.node.append(helper.make_node("Identity", ["quadrants"], ["lesion_map"]))
    model.graph.output.append(
        helper.make_tensor_value_info("lesion_map", TensorProto.FLOAT, ["N", 1, 2, 2])
    )
    files = {**tiny_files, GRAPH: model.SerializeToString()}
    write_bundle(tmp_path / "b", tiny_info, files)
    shown = _explained(Predictor(load_bundle(tmp_path / "b")).predict(slice_png(2), explain=True))
    lesion = shown.lesion_map
    assert lesion is not None
    assert lesion.peak is not None
    x, y = lesion.peak
    assert x < 32 <= y
    assert lesion.grid == (2, 2)
    assert _picture(lesion.map_png).size == (64, 64)
