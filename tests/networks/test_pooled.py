import pytest
import torch
from torch import Tensor

from brainlens.networks import Network, create_network

N_CLASSES = 3


@pytest.fixture(params=[16, 32])
def network(request: pytest.FixtureRequest) -> Network:
    torch.manual_seed(0)
    network = create_network("efficientnet_lite0", N_CLASSES, stride=request.param)
    network.load_published()
    return network.eval()


def test_shapes_follow_stride_and_input(network: Network) -> None:
    outputs = network(torch.rand(2, 1, 96, 64))
    stride = network.options["stride"]
    channels = {16: 112, 32: 1280}[int(stride)]  # type: ignore[arg-type]  # it is a number
    assert outputs.logits.shape == (2, N_CLASSES)
    assert outputs.embedding.shape == (2, channels)
    assert outputs.features.shape == (2, channels, 96 // stride, 64 // stride)  # type: ignore[operator]  # likewise
    assert network.heatmaps(outputs).shape[1:] == (N_CLASSES, *outputs.features.shape[2:])
    assert [layer.shape[-1] for layer in outputs.early] == [16, 8, 4]


def test_heatmaps_equal_autograd(network: Network) -> None:
    image = torch.rand(3, 1, 96, 96)
    maps = []
    for c in range(N_CLASSES):
        outputs = network(image)
        (gradient,) = torch.autograd.grad(outputs.logits[:, c].sum(), outputs.features)
        maps.append(torch.relu((gradient * outputs.features).sum(dim=1)))
    expected = torch.stack(maps, dim=1).detach()
    assert expected.max() > 1e-3  # else the comparison says nothing
    torch.testing.assert_close(network.heatmaps(network(image)), expected, atol=1e-6, rtol=1e-4)


def test_embedding_is_what_the_classifier_looks_at(network: Network) -> None:
    outputs = network(torch.rand(2, 1, 64, 64))
    torch.testing.assert_close(outputs.embedding, outputs.features.mean(dim=(2, 3)))


def test_dropout_acts_in_training_only() -> None:
    network = create_network("efficientnet_lite0", 3, dropout=0.5).train()
    network.get_submodule("backbone").eval()
    image = torch.rand(2, 1, 64, 64)
    assert not torch.equal(network(image).logits, network(image).logits)
    network.eval()
    assert torch.equal(network(image).logits, network(image).logits)


def test_the_scale_of_the_input_is_an_option_that_changes_no_answer() -> None:
    network = create_network("efficientnet_lite0", 3).eval()
    network.load_published()
    image = torch.rand(1, 1, 64, 64)
    expected = network(image).logits
    network.set_input_scale(0.4, 0.25)
    assert network.options == {
        "stride": 32,
        "dropout": 0.2,
        "input_mean": 0.4,
        "input_std": 0.25,
    }
    standardised: Tensor = (image - 0.4) / 0.25
    torch.testing.assert_close(network(standardised).logits, expected, atol=1e-5, rtol=1e-4)
    again = create_network("efficientnet_lite0", 3, **network.options).eval()
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(standardised).logits, network(standardised).logits)


def test_the_classifier_is_the_last_stage_and_keeps_its_start() -> None:
    network = create_network("efficientnet_lite0", 3)
    last = network.stages()[-1]
    assert last.name == "classifier"
    before = [value.clone() for value in last.modules[0].parameters()]
    origin = network.load_published()
    after = last.modules[0].parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert origin.licence == "Apache-2.0"
    assert origin.sha256.startswith("57934424")


@pytest.mark.parametrize(
    ("n_classes", "options", "message"),
    [
        (1, {}, "at least 2 classes"),
        (3, {"stride": 8}, "stride"),
        (3, {"dropout": 1.0}, "dropout"),
        (3, {"input_std": 0.0}, "input_std"),
        (3, {"depth": 4}, r"efficientnet_lite0.*depth"),
    ],
)
def test_options_out_of_range_are_refused(
    n_classes: int, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        create_network("efficientnet_lite0", n_classes, **options)
