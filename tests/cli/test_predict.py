import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from brainlens.bundle import load_bundle, revise
from brainlens.bundle.calibration import PredictionSets
from brainlens.bundle.schema import Thresholds
from brainlens.outcomes import read_outcomes
from brainlens.words import DISCLAIMER, WHERE_IT_LOOKED

from .conftest import Command


def test_a_table_of_answers_with_damaged_files_in_it(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_set.parent)
    said = brainlens("predict", tiny_set.name, "--bundle", tiny_bundle)
    assert said.status == 2
    lines = said.out.splitlines()
    assert lines[0] == "The model was trained on 1 of these 6 images."
    assert "SYNTHETIC" in lines[1]
    (row,) = [line for line in lines if "seen.png" in line]
    assert "seen in training" in row
    (row,) = [line for line in lines if "unsure.png" in line]
    assert "abstained" in row
    assert "low_confidence" in row
    (row,) = [line for line in lines if "damaged.png" in line]
    assert "failed" in row
    assert "All images: 4 answered, 1 abstained, 0 rejected, 1 failed." in lines
    assert "Without those seen in training: 3 answered, 1 abstained, 0 rejected." in lines
    assert lines[-1] == DISCLAIMER


def test_json_is_json_and_nothing_else(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path
) -> None:
    said = brainlens("predict", tiny_set / "folder_gamma", "--bundle", tiny_bundle, "--json")
    assert said.status == 2
    damaged, good = json.loads(said.out)
    assert damaged["path"].endswith("damaged.png")
    assert damaged["error"]["code"] == "unreadable_image"
    assert good["status"] == "answered"
    assert good["predicted_class"] == "gamma"
    assert good["disclaimer"] == DISCLAIMER
    assert said.err == "The model was trained on 0 of these 2 images.\n"


def test_outcomes_are_written(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    csv = tmp_path / "outcomes.csv"
    said = brainlens("predict", tiny_set, "--bundle", tiny_bundle, "--csv", csv)
    outcomes = read_outcomes(csv)
    assert [Path(o.path).name for o in outcomes] == [
        "a1.png",
        "seen.png",
        "unsure.png",
        "wrong.png",
        "damaged.png",
        "g1.png",
    ]
    assert [o.predicted_class for o in outcomes[3:]] == ["gamma", None, "gamma"]
    assert [o.seen_in_training for o in outcomes] == [False, True, False, False, None, False]
    assert f"Wrote {csv}." in said.err


def test_a_threshold_may_be_raised_and_lowered_by_who_runs_the_command(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path
) -> None:
    unsure = tiny_set / "beta" / "unsure.png"
    for threshold, status in (("0.1", "answered"), ("0.9", "abstained")):
        said = brainlens(
            "predict", unsure, "--bundle", tiny_bundle, "--threshold", threshold, "--json"
        )
        assert said.status == 0
        assert json.loads(said.out)[0]["status"] == status


def test_a_file_that_is_named_is_tried_whatever_it_holds(
    brainlens: Command, tiny_bundle: Path, tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no image")
    said = brainlens("predict", text, tmp_path / "nothing", "--bundle", tiny_bundle, "--json")
    assert said.status == 2
    assert [answer["error"]["code"] for answer in json.loads(said.out)] == [
        "not_an_image",
        "bad_image",
    ]


def test_a_folder_without_images_is_bad_input(
    brainlens: Command, tiny_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    said = brainlens("predict", tmp_path / "empty", "--bundle", tiny_bundle)
    assert said.status == 2
    assert "holds no image" in said.error


def test_a_bundle_that_is_not_there(brainlens: Command) -> None:
    said = brainlens("predict", "a.png", "--bundle", "nowhere")
    assert said.status == 2
    assert "There is no bundle 'nowhere'" in said.error


def test_paths_with_brackets_are_shown_as_they_are(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    odd = tmp_path / "[bold]x.png"
    odd.write_bytes((tiny_set / "alpha" / "a1.png").read_bytes())
    said = brainlens("predict", odd, "--bundle", tiny_bundle)
    assert said.status == 0
    assert "[bold]x.png" in said.out.replace("\n", "")


@pytest.mark.parametrize("count", [0, -1])
def test_workers_must_be_there(brainlens: Command, tiny_bundle: Path, count: int) -> None:
    said = brainlens("predict", "a.png", "--bundle", tiny_bundle, "--workers", count)
    assert said.status == 2


def test_explanations_are_written_as_pictures(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "pictures"
    image = tiny_set / "beta" / "unsure.png"
    damaged = tiny_set / "folder_gamma" / "damaged.png"
    said = brainlens(
        "predict", damaged, image, "--bundle", tiny_bundle, "--json", "--explain", folder,
        "--classes", "alpha, beta,gamma",
    )  # fmt: skip
    assert said.status == 2
    _, answer = json.loads(said.out)
    shown = answer["explanation"]
    maps = [shown, *shown["others"]]
    assert {one["class"] for one in maps} == {"alpha", "beta", "gamma"}
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(
        f"0002-unsure.{class_id}.{kind}.png"
        for class_id in ("alpha", "beta", "gamma")
        for kind in ("map", "overlay")
    )
    for one in maps:
        assert one["overlay_png"] == str(folder / f"0002-unsure.{one['class']}.overlay.png")
        for kind in ("overlay_png", "map_png"):
            with Image.open(one[kind]) as picture:
                assert picture.size == (64, 64)
    assert f"into {folder}. {WHERE_IT_LOOKED['en']}" in said.err


def test_images_of_one_name_keep_their_pictures_apart(
    brainlens: Command, tiny_bundle: Path, slice_png: Callable[..., bytes], tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "s.png").write_bytes(slice_png(0))
    paths = [tmp_path / "one" / "s.png", tmp_path / "two" / "s.png"]
    said = brainlens("predict", *paths, "--bundle", tiny_bundle, "--explain", tmp_path / "out")
    assert said.status == 0
    assert len(list((tmp_path / "out").iterdir())) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--classes", "alpha"], "Say where: --explain DIR."),
        (["--explain", "out", "--classes", "delta"], "The model has no class 'delta'."),
    ],
)
def test_maps_that_cannot_be_drawn_are_refused(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, options: list[str], message: str
) -> None:
    said = brainlens("predict", tiny_set, "--bundle", tiny_bundle, *options)
    assert said.status == 2
    assert message in said.err


def test_a_folder_that_cannot_be_written(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    said = brainlens(
        "predict", tiny_set / "beta", "--bundle", tiny_bundle, "--explain", tmp_path / "file"
    )
    assert said.status == 3
    assert "cannot be written" in said.err


def test_prediction_sets_decide_where_told_to(
    brainlens: Command, tiny_bundle: Path, tmp_path: Path, slice_png: Callable[..., bytes]
) -> None:
    (tmp_path / "slice.png").write_bytes(slice_png(0))
    ask = ("predict", tmp_path / "slice.png", "--abstain-on-set", "--json", "--bundle")
    said = brainlens(*ask, tiny_bundle)
    assert said.status == 2
    assert "has no prediction sets" in said.error
    sets = PredictionSets(level=0.9, least=dict.fromkeys(("alpha", "beta", "gamma"), 0.0))
    thresholds = Thresholds(prediction_sets=sets)
    revise(load_bundle(tiny_bundle), tmp_path / "new", thresholds=thresholds)
    (answer,) = json.loads(brainlens(*ask, tmp_path / "new").out)
    assert (answer["status"], answer["reasons"]) == ("abstained", ["ambiguous"])
    assert set(answer["prediction_set"]) == {"alpha", "beta", "gamma"}
