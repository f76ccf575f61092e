import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from brainlens.errors import InputError, MissingExtra, UsageError
from brainlens.networks import create_network
from brainlens.networks import transformers_config as described
from brainlens.networks.backbones import create_backbone
from brainlens.networks.transformers_weights import load_published
from brainlens.training.graph import make_graph

from .conftest import KINDS, save_network, settle_statistics

Folder = Callable[[str], Path]
# As the published networks have, classifier and colour included.
PUBLISHED_SIZES = {
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "efficientnet_b0": 5_288_548,
    "efficientnet_b1": 7_794_184,
    "efficientnet_b2": 9_109_994,
    "efficientnet_b3": 12_233_232,
}


def _last_by_stride(model: Any, colours: Tensor) -> dict[int, Tensor]:
    outputs = model(colours, output_hidden_states=True)
    every = [*outputs.hidden_states, *(getattr(outputs, "last_hidden_state", None),)]
    maps = [output for output in every if output is not None]
    return {colours.shape[-1] // output.shape[-1]: output for output in maps}


@pytest.mark.parametrize("kind", KINDS)
def test_a_grey_image_gives_what_it_gave_in_three_channels(kind: str, hf_folder: Folder) -> None:
    folder = hf_folder(kind)
    backbone = create_backbone(f"hf:{folder}").eval()
    origin = backbone.load_published()
    assert origin.title == kind
    backbone.double()
    # ImageNet's mean and deviation, averaged, where the folder names no others.
    image = torch.rand(2, 1, 96, 96, generator=torch.Generator().manual_seed(1)).double()
    units = (image - 0.449) / 0.226
    with torch.no_grad():
        expected = _last_by_stride(
            AutoModel.from_pretrained(folder).eval().double(), units.repeat(1, 3, 1, 1)
        )
        found = backbone(image)
    assert expected[32].std() > 1e-3  # else the comparison says nothing
    early = [expected[stride] for stride in (4, 8)]
    maps = [expected[stride] for stride in (8, 16, 32)]
    for ours, theirs in zip((*found.early, *found.maps), (*early, *maps), strict=True):
        # Untrained layers blow up how the summed kernel was rounded.
        torch.testing.assert_close(ours, theirs, atol=0.02 * float(theirs.std()), rtol=0)
    assert backbone.channels == tuple(features.shape[1] for features in maps)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_backbone_is_the_whole_one_up_to_stride_16(kind: str, hf_folder: Folder) -> None:
    name = f"hf:{hf_folder(kind)}"
    whole, cut = create_backbone(name).eval(), create_backbone(name, cut=True).eval()
    whole.load_published()
    cut.load_published()
    image = torch.rand(1, 1, 64, 64)
    expected, found = whole(image), cut(image)
    assert torch.equal(found.stride16, expected.stride16)
    assert torch.equal(found.early[-1], expected.early[-1])
    assert len(found.maps) == 2
    # Nothing of what is left out is trained, saved or shipped.
    needed = torch.autograd.grad(found.stride16.sum(), list(cut.parameters()), allow_unused=True)
    assert all(gradient is not None for gradient in needed)
    assert sum(p.numel() for p in cut.parameters()) < sum(p.numel() for p in whole.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_stages_hold_all_that_learns_once_and_in_order(kind: str, hf_folder: Folder) -> None:
    backbone = create_backbone(f"hf:{hf_folder(kind)}")
    stages = backbone.stages()
    strides = [int(stage.name.removeprefix("stride")) for stage in stages]
    assert strides == sorted(strides)
    assert {8, 16, 32} <= set(strides)
    staged = [id(p) for stage in stages for m in stage.modules for p in m.parameters()]
    assert sorted(staged) == sorted(id(p) for p in backbone.parameters())


@pytest.mark.parametrize("prefix", ["", "guided:"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_becomes_a_graph_without_torch(kind: str, prefix: str, hf_folder: Folder) -> None:
    torch.manual_seed(5)
    network = create_network(f"{prefix}hf:{hf_folder(kind)}", 3).eval()
    network.load_published()
    # Compared with torch inside; that is worth something where the outputs differ by slice.
    with torch.no_grad():
        assert network(torch.rand(3, 1, 64, 64)).logits.std(dim=0).min() > 1e-3
    graph = make_graph(network, 64, half=False)
    names = [output.name for output in onnx.load_from_string(graph).graph.output]
    assert ("lesion_map" in names) == bool(prefix)


def test_built_in_networks_are_as_large_as_the_published_ones() -> None:
    for name, published in PUBLISHED_SIZES.items():
        network = create_network(name, 3)
        last = network.state_dict()["classifier.weight"].shape[1]
        first = next(p for p in network.parameters() if p.ndim == 4)
        colour, classifiers = 2 * first.numel(), 1000 * (last + 1) - 3 * (last + 1)
        expected = published - colour - classifiers
        assert sum(p.numel() for p in network.parameters()) == expected, name
        assert network.options.keys() == {"stride", "dropout", "input_mean", "input_std"}


def test_options_build_it_again_where_the_folder_is_gone(hf_folder: Folder, tmp_path: Path) -> None:
    folder = shutil.copytree(hf_folder("resnet"), tmp_path / "mine")
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": [0.4, 0.5, 0.6], "image_std": [0.1, 0.2, 0.3]})
    )
    network = create_network(f"hf:{folder}", 3, stride=16).eval()
    network.load_published()
    # With its description it still knows where its weights are, as long as they are there.
    create_network(f"hf:{folder}", 3, **network.options).load_published()
    shutil.rmtree(folder)
    assert create_network(f"hf:{folder}", 3, **network.options).name == "hf:mine"
    # The name tells nothing of the machine.
    assert network.name == "hf:mine"
    assert str(tmp_path) not in json.dumps(network.options)
    assert network.options["grey_mean"] == pytest.approx(0.5)
    assert network.options["grey_std"] == pytest.approx(0.2)
    again = create_network(network.name, 3, **network.options).eval()
    assert again.options == network.options
    again.load_state_dict(network.state_dict())
    image = torch.rand(1, 1, 64, 64)
    assert torch.equal(again(image).logits, network(image).logits)


def test_an_image_is_not_lost_in_random_weights() -> None:
    network = create_network("efficientnet_b0", 3)
    settle_statistics(network, torch.rand(8, 1, 64, 64))
    assert network(torch.rand(4, 1, 64, 64)).embedding.std(dim=0).mean() > 0.01


def test_running_statistics_follow_more_than_the_last_batch(hf_folder: Folder) -> None:
    backbone = create_backbone(f"hf:{hf_folder('efficientnet')}")
    momenta = {m.momentum for m in backbone.modules() if isinstance(m, nn.BatchNorm2d)}
    assert momenta == {0.1}


@pytest.mark.parametrize(
    ("kind", "options", "why"),
    [
        ("vit", {"num_hidden_layers": 1, "hidden_size": 16, "num_attention_heads": 2}, "attention"),
        ("bert", {"num_hidden_layers": 1, "hidden_size": 12, "vocab_size": 10}, "attention"),
        ("focalnet", {"embed_dim": 8, "depths": [1, 1]}, "no features at stride 8, 16, 32"),
        ("pp_lcnet", {"scale": 0.25}, "builds no such network"),
        ("encodec", {}, "grey image"),
    ],
)
def test_what_is_not_convolutional_is_refused(
    kind: str, options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    AutoConfig.for_model(kind, **options).save_pretrained(tmp_path / kind)
    with pytest.raises(
        UsageError, match=rf"hf:{kind} is no convolutional network.*{why}"
    ) as caught:
        create_network(f"hf:{tmp_path / kind}", 3)
    assert "resnet18" in caught.value.hint


def test_what_cannot_be_had_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be had") as caught:
        create_network("hf:nobody-here/no-such-network", 3)
    assert "hf:FOLDER" in caught.value.hint
    with pytest.raises(UsageError, match=r"microsoft/resnet-18 cannot be had") as caught:
        create_network("resnet18", 3).load_published()
    assert "--init random" in caught.value.hint
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match="cannot be had"):
        create_network(f"hf:{tmp_path}", 3)


@pytest.mark.parametrize("change", ["missing", "reshaped"])
def test_weights_of_another_network_are_refused(
    change: str, hf_folder: Folder, tmp_path: Path
) -> None:
    folder = shutil.copytree(hf_folder("resnet"), tmp_path / "mine")
    backbone = create_backbone(f"hf:{folder}")
    name = "encoder.stages.1.layers.0.shortcut.convolution.weight"
    state = load_file(folder / "model.safetensors")
    if change == "missing":
        del state[name]
    else:
        options = KINDS["resnet"] | {"hidden_sizes": [8, 20, 16, 24]}
        AutoConfig.for_model("resnet", **options).save_pretrained(folder)
        save_network("resnet", options, folder)
        state = load_file(folder / "model.safetensors")
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match=rf"another network: .*{name}") as caught:
        backbone.load_published()
    assert "--init random" in caught.value.hint


def test_a_first_layer_that_does_not_add_up_its_colours_is_found_out(tmp_path: Path) -> None:
    # Its kernels are standardised before use: the sum of three is another kernel.
    options = {
        "embedding_size": 8,
        "hidden_sizes": [32] * 4,
        "depths": [1] * 4,
        "num_groups": 8,
    }
    save_network("bit", options, tmp_path / "bit")
    backbone = create_backbone(f"hf:{tmp_path / 'bit'}")
    # The normalisation behind it makes up for that: the features that are used are the same.
    backbone.load_published()
    (model,) = backbone.children()
    with pytest.raises(InputError, match="does not simply add up") as caught:
        load_published(str(tmp_path / "bit"), "hf:bit", model, places=[0])
    assert "--init random" in caught.value.hint


def test_options_that_are_no_description() -> None:
    with pytest.raises(ValueError, match="model_type"):
        create_network("hf:x", 3, config="{}")


def test_without_transformers_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(MissingExtra, match=r"brainlens\[hf\]"):
        described.require_transformers()
