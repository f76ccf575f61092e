"""`bundle from-onnx` on the command line, and what the other verbs make of its bundle."""

import io
import json
from pathlib import Path

import httpx
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from PIL import Image

from brainlens.bundle import load_bundle
from brainlens.bundle.cautions import ELSEWHERE
from brainlens.server.settings import Settings

from ..live_service import running
from .conftest import Command, Said

SIZE = 32
TOLD = ("--trained-on", "Phantoms, perhaps", "--licence", "unverified")
CLASSES = ("--classes", "glioma,meningioma,pituitary")


def _model() -> bytes:
    """Return a network of channels last that gives probabilities of three classes."""
    rng = np.random.default_rng(5)
    weights = {
        "kernel": rng.normal(size=(6, 3, 5, 5)).astype(np.float32),
        "dense": (0.5 * rng.normal(size=(6, 3))).astype(np.float32),
    }
    nodes = [
        helper.make_node("Transpose", ["x"], ["nchw"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["nchw", "kernel"], ["conv"], strides=[4, 4]),
        helper.make_node("Relu", ["conv"], ["relu"]),
        helper.make_node("ReduceMean", ["relu"], ["pooled"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["pooled", "dense"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["p"]),
    ]
    graph = helper.make_graph(
        nodes,
        "keras",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, SIZE, SIZE, 3])],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "keras.onnx"
    path.write_bytes(_model())
    return path


@pytest.fixture(scope="module")
def made(
    brainlens: Command, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Said]:
    out = tmp_path_factory.mktemp("bundles") / "From Keras"
    said = brainlens("bundle", "from-onnx", model, "--out", out, *CLASSES, *TOLD)
    assert said.status == 0, said.err
    return out, said


@pytest.fixture(scope="module")
def split(brainlens: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    arguments = ("--slices", 66, "--seed", 3, "--size", 48)
    assert brainlens("data", "phantom", root / "phantoms", *arguments).status == 0
    said = brainlens("data", "split", root / "phantoms", "--out", root / "split.csv")
    assert said.status == 0
    return root / "split.csv"


def test_it_says_what_it_found(made: tuple[Path, Said]) -> None:
    out, said = made
    assert ELSEWHERE in said.out
    assert "DATA LICENCE UNVERIFIED" in said.out
    assert "NHWC, 3 x 32 x 32" in said.out
    # A narrow table has it on two lines.
    assert "p: probabilities, whose softmax was" in said.out
    assert "taken off" in said.out
    assert "closed form, of relu (6 x 7 x 7)" in said.out
    assert "is not calibrated, and no gate guards it" in said.out
    assert f"Next: brainlens calibrate '{out}'" in said.out
    assert said.err == ""
    assert load_bundle(out).info.name == "from-keras"


def test_json_is_json_alone(brainlens: Command, model: Path, tmp_path: Path) -> None:
    said = brainlens(
        "bundle", "from-onnx", model, "--out", tmp_path / "b", *CLASSES, *TOLD, "--json",
        "--scale", 255, "--mean", "120,110,100", "--std", 50, "--features", "conv",
        "--layout", "NHWC", "--channels", 3, "--scores", "probabilities",
    )  # fmt: skip
    assert said.status == 0, said.err
    told = json.loads(said.out)
    assert told["largest difference of probabilities"] < 1e-5
    assert told["heat maps"].startswith("finite step, of conv")
    assert told["input"].endswith("(grey * 255 - [120, 110, 100]) / [50, 50, 50]")
    assert told["decision"] == load_bundle(tmp_path / "b").info.decision_sha256


def test_info_says_what_is_not_known(brainlens: Command, made: tuple[Path, Said]) -> None:
    said = brainlens("info", made[0])
    assert said.status == 0
    assert ELSEWHERE in said.out
    assert "not known: trained elsewhere" in said.out
    assert "None" not in said.out


def test_every_step_of_a_bundle_goes_on_from_it(
    brainlens: Command, made: tuple[Path, Said], split: Path, tmp_path: Path
) -> None:
    calibrated, gated, report = (tmp_path / name for name in ("calibrated", "gated", "report"))
    said = brainlens("calibrate", made[0], "--data", split, "--out", calibrated)
    assert said.status == 0, said.err
    said = brainlens("gates", calibrated, "--data", split, "--out", gated, "--rate", 0.4)
    assert said.status == 0, said.err
    info = load_bundle(gated).info
    assert info.calibration is not None
    assert info.gates
    said = brainlens("evaluate", gated, "--data", split, "--out", report)
    assert said.status == 0, said.err
    assert "The model does not record what it was trained on: copies cannot be told." in said.out
    assert ELSEWHERE in said.out
    page = (report / "report.html").read_text()
    assert "trained elsewhere: Phantoms, perhaps" in page
    assert ELSEWHERE in page


def test_predict_answers_what_the_model_says(
    brainlens: Command, made: tuple[Path, Said], split: Path
) -> None:
    image = next((split.parent / "phantoms" / "images").iterdir())
    said = brainlens("predict", image, "--bundle", made[0], "--json")
    assert said.status == 0, said.err
    assert ELSEWHERE in said.out


def test_a_service_answers_what_the_model_says(
    made: tuple[Path, Said], model: Path, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(7).integers(0, 256, (SIZE, SIZE), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    grey = pixels.astype(np.float32) / 255
    fed = np.repeat(grey[None, :, :, None], 3, axis=3)
    (expected,) = ReferenceEvaluator(onnx.load(model)).run(None, {"x": fed})
    settings = Settings(port=0, bundles={"keras": made[0]}, data_dir=tmp_path)
    with running(settings) as live:
        files = {"file": ("x.png", buffer.getvalue(), "image/png")}
        answer: httpx.Response = live.post("/predict?explain=true", files=files)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert list(told["probabilities"].values()) == pytest.approx(expected[0], abs=1e-5)
        assert told["explanation"]["grid"] == [7, 7]
        assert ELSEWHERE in told["warnings"]
        described = live.get("/models/keras").json()
        assert described["training"]["n_slices"] is None
        assert described["training"]["split_check"] == "unknown"


def test_it_cannot_be_exported_again(
    brainlens: Command, made: tuple[Path, Said], tmp_path: Path
) -> None:
    said = brainlens("export", made[0], "--out", tmp_path / "again")
    assert said.status == 2
    assert "trained elsewhere: only its graph is here" in said.error
    assert "brainlens bundle from-onnx" in said.error
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--classes", "glioma,pituitary"), "each of the 2 classes; for one image the model gives"),
        (("--classes", "glioma,meningioma,none"), "Nothing is known of the class none"),
        ((*CLASSES, "--mean", "a,b"), "--mean a,b are no numbers"),
        ((*CLASSES, "--name", "Not A Name"), "The bundle's name cannot be so"),
        ((*CLASSES, "--trained-on", " "), "must be said"),
    ],
)
def test_what_cannot_be_is_one_line(
    brainlens: Command, model: Path, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    said = brainlens("bundle", "from-onnx", model, "--out", tmp_path / "b", *TOLD, *options)
    assert said.status == 2
    assert words in said.error
    assert not (tmp_path / "b").exists()


def test_a_model_that_says_one_thing_is_doubted(brainlens: Command, tmp_path: Path) -> None:
    model = onnx.load_from_string(_model())
    model.graph.initializer[1].CopyFrom(numpy_helper.from_array(np.zeros((6, 3), "f4"), "dense"))
    onnx.save(model, tmp_path / "flat.onnx")
    out = tmp_path / "b"
    said = brainlens("bundle", "from-onnx", tmp_path / "flat.onnx", "--out", out, *CLASSES, *TOLD)
    assert said.status == 0
    assert "The model says the same of every test image: check --scale" in said.err
