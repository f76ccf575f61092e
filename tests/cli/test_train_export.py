"""`train` and `export` on a tiny synthetic set."""

import json
import re
import sys
from pathlib import Path

import pytest

from brainlens.bundle import find, load_bundle
from brainlens.cli.train import start_choices
from brainlens.errors import UsageError

from .conftest import Command, Said

TINY = ("--epochs", 2, "--size", 32, "--batch-size", 16, "--seed", 5, "--threads", 1)


@pytest.fixture(scope="module")
def phantoms(brainlens: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data") / "phantoms"
    said = brainlens("data", "phantom", root, "--slices", 66, "--seed", 3, "--size", 32)
    assert said.status == 0
    return root


@pytest.fixture(scope="module")
def trained(
    brainlens: Command, phantoms: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Said]:
    run = tmp_path_factory.mktemp("runs") / "First Run"
    said = brainlens(
        "train", "--data", phantoms, "--out", run, *TINY, "--preset", "reference", "--lr", 0.001,
        "--precision", "32-true", "--accelerator", "cpu", "--devices", 1, "--logger", "csv",
    )  # fmt: skip
    assert said.status == 0, said.err
    return run, said


def test_a_run_is_what_the_options_say(trained: tuple[Path, Said]) -> None:
    run, said = trained
    config = json.loads((run / "config.json").read_text())["config"]
    wanted = {
        "preset": "reference",
        "epochs": 2,
        "batch_size": 16,
        "seed": 5,
        "learning_rate": 0.001,
        "precision": "32-true",
        "accelerator": "cpu",
        "threads": 1,
        "loggers": ["csv"],
        "augmentation": None,
    }
    assert {name: config[name] for name in wanted} == wanted
    assert config["preprocess"]["size"] == 32
    assert config["preprocess"]["intensity"] == "full_range"
    assert [row["epoch"] for row in json.loads((run / "history.json").read_text())] == [1, 2]
    assert f"Next: brainlens export {run}" in said.out
    assert "Not a medical device" in said.out


def test_a_finished_run_resumed_by_its_folder_alone_is_finished(
    brainlens: Command, trained: tuple[Path, Said]
) -> None:
    run, _ = trained
    before = (run / "checkpoints" / "last.ckpt").read_bytes()
    said = brainlens("train", "--resume", "--out", run)
    assert said.status == 0
    assert "is finished" in said.out
    assert (run / "checkpoints" / "last.ckpt").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--resume", "--epochs", 9), "epochs cannot be changed"),
        (("--resume", "--size", 64), "size cannot be changed"),
        ((), "no data"),
        (("--data", "DATA", *TINY), "is not empty"),
        (("--data", "DATA", "--resume", "--epochs", 2), "another configuration"),
        (("--data", "DATA", "--epochs", 0), "epochs"),
    ],
)
def test_a_run_that_cannot_be(
    brainlens: Command,
    trained: tuple[Path, Said],
    phantoms: Path,
    arguments: tuple[object, ...],
    words: str,
) -> None:
    given = [phantoms if argument == "DATA" else argument for argument in arguments]
    said = brainlens("train", "--out", trained[0], *given)
    assert said.status == 2
    assert words in said.error


def test_data_that_are_not_there(brainlens: Command, tmp_path: Path) -> None:
    said = brainlens("train", "--data", tmp_path / "nowhere", "--out", tmp_path / "run")
    assert said.status == 2
    assert f"nothing at {tmp_path / 'nowhere'}" in said.error


def test_a_leaky_split_is_refused_with_the_two_ways_on(brainlens: Command, tmp_path: Path) -> None:
    root, run, grouped = tmp_path / "leaky", tmp_path / "run", tmp_path / "grouped.csv"
    said = brainlens(
        "data", "phantom", root, "--slices", 66, "--size", 32, "--layout", "folders",
        "--copies", 8,
    )  # fmt: skip
    assert said.status == 0
    said = brainlens("train", "--data", root, "--out", run, *TINY)
    assert said.status == 1
    commands = re.findall("`brainlens ([^`]*)`", said.error)
    assert [command.split()[0] for command in commands] == ["data", "train", "train"]
    assert "--allow-leaky-split" in commands[-1]
    assert not run.exists()
    assert brainlens("data", "split", root, "--out", grouped).status == 0
    one = ("--epochs", 1, "--size", 32, "--threads", 1)
    assert brainlens("train", "--data", grouped, "--out", run, *one).status == 0
    leaky = tmp_path / "leaky-run"
    said = brainlens("train", "--data", root, "--out", leaky, *one, "--allow-leaky-split")
    assert said.status == 0
    assert json.loads((leaky / "config.json").read_text())["data"]["split_check"] == "leaky"


def test_a_run_becomes_a_bundle_that_is_measured(
    brainlens: Command, trained: tuple[Path, Said], phantoms: Path, tmp_path: Path
) -> None:
    bundle, private = tmp_path / "My Bundle", tmp_path / "private"
    said = brainlens("export", trained[0], "--out", bundle)
    assert said.status == 0, said.err
    info = load_bundle(bundle).info
    assert info.name == "my-bundle"
    assert info.decision_sha256 in said.out
    assert info.training.synthetic
    measured = brainlens("evaluate", bundle, "--data", phantoms)
    assert measured.status == 0
    assert measured.out.startswith("The model was trained on ")
    said = brainlens(
        "export", trained[0], "--out", private, "--name", "hush", "--version", "2", "--half",
        "--checkpoint", "last", "--without-seen",
    )  # fmt: skip
    assert said.status == 0
    info = load_bundle(private).info
    assert (info.name, info.version, info.half_precision, info.seen) == ("hush", "2", True, None)
    answers = brainlens("predict", phantoms / "images" / "000001.png", "--bundle", private)
    assert answers.out.startswith("The model does not record what it was trained on")
    assert "does not record" in brainlens("evaluate", private, "--data", phantoms).out


def test_names_that_a_bundle_cannot_have(
    brainlens: Command, trained: tuple[Path, Said], tmp_path: Path
) -> None:
    said = brainlens("export", trained[0], "--out", tmp_path / "b", "--name", "Not So")
    assert said.status == 2
    assert "name cannot be 'Not So'" in said.error
    assert not (tmp_path / "b").exists()


def test_a_bundle_that_ships_is_exported_by_its_name(brainlens: Command, tmp_path: Path) -> None:
    said = brainlens("export", "demo", "--out", tmp_path / "again")
    assert said.status == 0, said.err
    again, shipped = load_bundle(tmp_path / "again").info, load_bundle(find("demo")).info
    assert again.name == "again"
    assert (again.network, again.temperature) == (shipped.network, shipped.temperature)


def test_what_is_no_run_cannot_be_exported(brainlens: Command, tmp_path: Path) -> None:
    said = brainlens("export", tmp_path, "--out", tmp_path / "b")
    assert said.status == 2
    assert said.error


@pytest.mark.parametrize("verb", ["train", "export"])
def test_without_the_extra_it_is_named(
    brainlens: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verb: str
) -> None:
    for name in [name for name in sys.modules if name.startswith("brainlens.training")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "lightning", None)
    arguments = {"train": ("--data", tmp_path), "export": (tmp_path,)}[verb]
    said = brainlens(verb, *arguments, "--out", tmp_path / "out")
    assert said.status == 2
    assert 'pip install "brainlens[train]"' in said.error


def test_options_say_how_a_network_starts() -> None:
    said = start_choices(["stride=16", "config=some=text", "wide=true"], "imagenet", "3", 0.8)
    assert said == {
        "network_options": {"stride": 16, "config": "some=text", "wide": True},
        "init": "imagenet",
        "freeze": 3,
        "layer_decay": 0.8,
    }
    assert start_choices(None, None, "stage2", None)["freeze"] == "stage2"
    assert set(start_choices(None, None, None, None).values()) == {None}


@pytest.mark.parametrize("option", ["stride", "=16", "two words=1"])
def test_an_option_of_a_network_has_a_name_and_a_value(option: str) -> None:
    with pytest.raises(UsageError, match="no option of a network"):
        start_choices([option], None, None, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--network-option", "depth=3"), "depth"),
        (("--init", "imagenet"), "No weights were published for simple_cnn"),
        (("--init", "missing.safetensors"), "missing.safetensors cannot be read"),
        (("--freeze", "stem"), "cannot be frozen up to 'stem'"),
        (("--layer-decay", 2), "layer_decay"),
        (("--network", "nowhere.to.be:found"), "nowhere.to.be cannot be imported"),
    ],
)
def test_a_start_that_cannot_be(
    brainlens: Command, phantoms: Path, tmp_path: Path, arguments: tuple[object, ...], words: str
) -> None:
    said = brainlens("train", "--data", phantoms, "--out", tmp_path / "run", *TINY, *arguments)
    assert said.status == 2
    assert words in said.error
    assert not (tmp_path / "run").exists()
