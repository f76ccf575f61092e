import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainlens.bundle import load_bundle, revise
from brainlens.outcomes import read_outcomes
from brainlens.words import DISCLAIMER

from .conftest import Command


def test_tables_of_figures(brainlens: Command, tiny_bundle: Path, tiny_set: Path) -> None:
    said = brainlens("evaluate", tiny_bundle, "--data", tiny_set)
    assert said.status == 0
    lines = said.out.splitlines()
    assert lines[0] == "The model was trained on 1 of these 6 images."
    assert any(line.startswith("SYNTHETIC") for line in lines)
    assert any(line.startswith("folder_gamma was taken for gamma") for line in lines)
    assert "Without an answer, so in no figure: 1 image:" in lines
    (first, second) = [line for line in lines if line.startswith("│ accuracy  ")]
    assert "0.8000" in first
    assert "0.7500" in second
    assert any("without images seen in training): 4 slices" in line for line in lines)
    assert any("share above the threshold 0.7" in line for line in lines)
    assert lines[-1] == DISCLAIMER


def test_json_is_json_and_nothing_else(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path
) -> None:
    said = brainlens("evaluate", tiny_bundle, "--data", tiny_set, "--json")
    content = json.loads(said.out)
    assert said.err == ""
    assert content["n_failed"] == 1
    assert content["n_seen"] == 1
    assert content["protocol"] == "given"
    assert content["all"]["confusion"] == [[1, 0, 0, 0], [0, 2, 1, 0], [0, 0, 1, 0]]


def test_a_report_and_a_bundle_with_the_figures_are_written(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    out, measured = tmp_path / "report", tmp_path / "measured"
    said = brainlens(
        "evaluate", tiny_bundle, "--data", tiny_set, "--out", out, "--bundle-out", measured
    )
    assert said.status == 0
    assert {path.name for path in out.iterdir()} == {
        "report.html",
        "metrics.json",
        "outcomes.csv",
        "confusion.png",
    }
    assert len(read_outcomes(out / "outcomes.csv")) == 6
    (curves,) = load_bundle(measured).info.curves
    assert curves.n_slices == 4
    assert len(curves.risk) == 100
    (accuracy, unseen) = [m for m in load_bundle(measured).info.metrics if m.name == "accuracy"]
    assert accuracy.value == pytest.approx(0.8)
    assert unseen.value == pytest.approx(0.75)
    assert str(measured) in said.err


def test_a_wanted_minimum_decides_the_status(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path
) -> None:
    arguments = ("evaluate", tiny_bundle, "--data", tiny_set, "--min-accuracy")
    assert brainlens(*arguments, 0.75).status == 0
    said = brainlens(*arguments, 0.76)
    assert said.status == 1
    assert "0.7500, below the wanted 0.7600" in said.error
    assert "accuracy" in said.out


def test_folders_that_mean_nothing_are_said_and_can_be_mapped(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path
) -> None:
    (tiny_set / "beta").rename(tiny_set / "second")
    said = brainlens("evaluate", tiny_bundle, "--data", tiny_set)
    assert "second (3 images) means no class of the model" in said.out
    mapped = brainlens(
        "evaluate", tiny_bundle, "--data", tiny_set, "--map", "second=beta", "--json"
    )
    assert json.loads(mapped.out)["unmatched"] == {}
    assert json.loads(mapped.out)["n_sent"] == 6


def test_patients_and_lesion_sizes_have_their_tables(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    lines = ["path,label,patient,mask"]
    for i, name in enumerate(("alpha/a1", "beta/unsure", "beta/wrong")):
        pixels = np.zeros((64, 64), dtype=np.uint8)
        pixels[: 10 * (i + 1), :10] = 255
        Image.fromarray(pixels).save(tmp_path / f"mask{i}.png")
        lines.append(f"set/{name}.png,{name.partition('/')[0]},p{min(i, 1)},mask{i}.png")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join(lines) + "\n")
    said = brainlens("evaluate", tiny_bundle, "--data", manifest, "--spacing-mm", 2)
    assert "by patient, their slices combined): 3 slices of 2 patients" in said.out
    assert "By class and patient, each class against the others" in said.out
    assert "By size of the lesion (slice by slice)" in said.out
    assert "largest third of lesions" in said.out
    assert "lesions of 30 to 40 mm" in said.out
    assert "say nothing of whole examinations" in said.out
    assert "No image is of gamma" in said.out


def test_looking_and_robustness_are_asked_for(
    brainlens: Command, tiny_bundle: Path, slice_png: Callable[..., bytes], tmp_path: Path
) -> None:
    lines = ["path,label,patient,mask"]
    mask = np.zeros((64, 64), dtype=np.uint8)
    mask[4:12, 4:12] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    for i, name in enumerate(("alpha", "beta")):
        (tmp_path / f"{name}.png").write_bytes(slice_png(i, seed=i))
        lines.append(f"{name}.png,{name},p{i},mask.png")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join(lines) + "\n")
    out = tmp_path / "report"
    said = brainlens(
        "evaluate", tiny_bundle, "--data", manifest, "--looking", "--robustness",
        "--robustness-slices", 1, "--out", out,
    )  # fmt: skip
    assert said.status == 0
    assert "Is it looking at the tumour?" in said.out
    assert "heat map's peak in the lesion" in said.out
    assert "When the image is not as it should be" in said.out
    content = json.loads((out / "metrics.json").read_text())
    assert content["looking"]["n_slices"] == 2
    assert content["robustness"]["n_slices"] == 1
    assert content["robustness"]["n_available"] == 2
    page = (out / "report.html").read_text()
    assert "Is it looking at the tumour?" in page
    assert "When the image is not as it should be" in page
    alone = brainlens("evaluate", tiny_bundle, "--data", manifest, "--robustness-slices", 1)
    assert alone.status == 2
    assert "Add --robustness" in alone.error


def test_gates_have_their_table(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    sanity = {"gate": "image_sanity", "max_aspect": 3.0, "max_colour": 0.1, "min_side": 100}
    revise(load_bundle(tiny_bundle), tmp_path / "gated", gates=(sanity,))
    said = brainlens("evaluate", tmp_path / "gated", "--data", tiny_set)
    assert "What the gates change" in said.out
    assert "Held back, poor_quality: 5 slices of 5." in said.out


def test_without_patients_it_says_so_and_names_what_was_seen(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    said = brainlens("evaluate", tiny_bundle, "--data", tiny_set)
    assert "The patient of every image is not known" in said.out
    assert "By class and patient" not in said.out
    only_seen = tmp_path / "seen.csv"
    only_seen.write_text("path,label,patient\nset/beta/seen.png,beta,p\n")
    said = brainlens("evaluate", tiny_bundle, "--data", only_seen)
    assert "trained on every one of these images" in said.out
    assert "There is only one patient" in said.out
    # There is nothing unseen to leave them out for.
    assert "(given, by patient, their slices combined): 1 slice of 1 patient" in said.out
    manifest = tmp_path / "some_seen.csv"
    manifest.write_text("path,label,patient\nset/beta/seen.png,beta,p\nset/alpha/a1.png,alpha,q\n")
    said = brainlens("evaluate", tiny_bundle, "--data", manifest)
    words = "without images seen in training, by patient, their slices combined): 1 slice"
    assert words in said.out


def test_without_its_extra_the_verb_names_it(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("brainlens.evaluation")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    said = brainlens("evaluate", tiny_bundle, "--data", tiny_set)
    assert said.status == 2
    assert "brainlens[eval]" in said.error


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (["nonsense"], "no pair"),
        (["a="], "no pair"),
        (["a=alpha", "a=beta"], "twice"),
        (["a=delta"], "no such class: delta"),
    ],
)
def test_maps_that_mean_nothing(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, pairs: list[str], words: str
) -> None:
    options = [part for pair in pairs for part in ("--map", pair)]
    said = brainlens("evaluate", tiny_bundle, "--data", tiny_set, *options)
    assert said.status == 2
    assert words in said.error


def test_slices_without_label_are_said(
    brainlens: Command, tiny_bundle: Path, tiny_set: Path, tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("path,label,split\nset/alpha/a1.png,alpha,test\nset/beta/seen.png,,test\n")
    said = brainlens("evaluate", tiny_bundle, "--data", manifest)
    assert "Without a label, so left out: 1 image." in said.out
    said = brainlens("evaluate", tiny_bundle, "--data", manifest, "--split", "val")
    assert said.status == 2
    assert "No slice is in the split val" in said.error
