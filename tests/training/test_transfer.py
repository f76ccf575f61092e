"""Runs that start from weights made elsewhere, and what bundles of them need and say."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load as load_tensors

from brainlens.bundle.schema import CARD, DESCRIPTION, NOTICE, WEIGHTS
from brainlens.errors import UsageError
from brainlens.networks import create_network
from brainlens.networks import efficientnet_lite_weights as lite_weights
from brainlens.training.config import TrainConfig
from brainlens.training.export import export
from brainlens.training.record import read_run
from brainlens.training.run import train

os.environ.setdefault("HF_HUB_OFFLINE", "1")

Configure = Callable[..., TrainConfig]


def test_from_imagenet_with_frozen_stages_to_a_bundle_that_needs_no_package(
    make_config: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(
        network="efficientnet_lite0",
        network_options={"stride": 16},
        init="imagenet",
        freeze="stage3",
        layer_decay=0.5,
        epochs=1,
        augmentation=None,
    )
    run = train(config, tmp_path / "run", progress=False)
    start = read_run(run).start
    assert start is not None
    assert start.sha256.startswith("57934424")
    # From here on the package is not there.
    monkeypatch.setattr(lite_weights, "find_spec", lambda name: None)
    bundle = export(run, tmp_path / "bundle", name="lite", version="1")
    again = export(bundle.path, tmp_path / "again", name="lite", version="2")
    assert again.read(WEIGHTS) == bundle.read(WEIGHTS)
    assert bundle.info.training.start == start
    notice = bundle.read(NOTICE).decode()
    assert "Starting weights: EfficientNet-Lite0, trained on ImageNet" in notice
    assert "Apache-2.0" in notice
    monkeypatch.undo()
    published = create_network("efficientnet_lite0", 3, stride=16)
    published.load_published()
    found, frozen = load_tensors(bundle.read(WEIGHTS)), ("stem", "levels.0.", "levels.2.")
    learnt = {n for n, v in published.state_dict().items() if not torch.equal(v, found[n])}
    assert any(name.startswith("backbone.levels.3.") for name in learnt)
    assert not any(name.startswith(tuple(f"backbone.{f}" for f in frozen)) for name in learnt)


def test_a_folder_of_transformers_may_be_gone_after_the_start(
    make_config: Configure, tmp_path: Path
) -> None:
    from transformers import ResNetConfig, ResNetModel

    folder = tmp_path / "secret place" / "mine"
    shape: dict[str, Any] = {"embedding_size": 4, "hidden_sizes": [4, 4, 8, 8], "depths": [1] * 4}
    ResNetModel(ResNetConfig(layer_type="basic", **shape)).save_pretrained(folder)
    config = make_config(network=f"hf:{folder}", network_options={}, init="imagenet", epochs=1)
    run = train(config, tmp_path / "run", progress=False)
    shutil.rmtree(folder)
    bundle = export(run, tmp_path / "bundle", name="mine", version="1")
    export(bundle.path, tmp_path / "again", name="mine", version="2")
    assert bundle.info.network.name == "hf:mine"
    told = b"".join((bundle.path / name).read_bytes() for name in (DESCRIPTION, CARD, NOTICE))
    assert b"secret place" not in told
    # Done already; but it could go on, too.
    train(config, run, resume=True, progress=False)


def test_a_network_of_ones_own_is_imported_only_where_it_is_named(
    make_config: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "my_own_networks.py"
    module.write_text(
        "from brainlens.networks import create_network\n"
        "def factory(n_classes, **options):\n"
        "    return create_network('simple_cnn', n_classes, **options)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    name = "my_own_networks:factory"
    run = train(make_config(network=name, epochs=1), tmp_path / "run", progress=False)
    assert read_run(run).config.network == name
    bundle = export(run, tmp_path / "bundle", name="own", version="1")
    assert bundle.info.network.name == name
    with pytest.raises(UsageError, match="would be imported") as caught:
        export(bundle.path, tmp_path / "again", name="own", version="2")
    assert f"--network {name}" in caught.value.hint
    again = export(bundle.path, tmp_path / "again", name="own", version="2", network=name)
    assert again.read(WEIGHTS) == bundle.read(WEIGHTS)


def test_what_cannot_start_writes_nothing(make_config: Configure, tmp_path: Path) -> None:
    for changes in (
        {"init": "imagenet"},
        {"init": str(tmp_path / "missing.safetensors")},
        {"freeze": 7},
    ):
        with pytest.raises(UsageError):
            train(make_config(**changes), tmp_path / "run", progress=False)
        assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "changes", [{"init": "weights.bin"}, {"freeze": -1}, {"layer_decay": 0}, {"layer_decay": 1.1}]
)
def test_choices_out_of_range(make_config: Configure, changes: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(changes))):
        make_config(**changes)
