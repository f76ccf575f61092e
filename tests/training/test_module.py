import numpy as np
import pytest
import torch

from brainlens.datasets.mask_cache import MaskCache
from brainlens.imaging.preprocess import standardise
from brainlens.imaging.spec import PreprocessSpec
from brainlens.networks import create_network
from brainlens.training.config import preset
from brainlens.training.module import Classifier
from brainlens.training.slices import Batch, CachedSlices
from brainlens.training.tally import Tally


@pytest.mark.parametrize("channels_last", [False, True])
def test_the_network_sees_what_the_service_will_feed_it(
    channels_last: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    spec = PreprocessSpec(size=32, mean=0.17, std=0.23)
    config = preset(
        "default", tmp_path_factory.mktemp("data"), preprocess=spec, channels_last=channels_last
    )
    grey = np.random.default_rng(0).integers(0, 256, (5, 32, 32), np.uint8)
    batch = CachedSlices(grey, [4, 0, 2], [0, 1, 0]).__getitems__([2, 0])
    module = Classifier(create_network("simple_cnn", 2), config)
    prepared = module.prepare(batch)
    np.testing.assert_array_equal(prepared[:, 0].numpy(), standardise(grey[[2, 4]], spec))
    assert prepared.is_contiguous(memory_format=torch.channels_last) or not channels_last
    assert batch.labels.tolist() == [0, 0]
    assert batch.indices.tolist() == [2, 0]


def test_one_slice_is_a_batch_of_one() -> None:
    grey = np.zeros((3, 8, 8), np.uint8)
    batch = CachedSlices(grey, [0, 2], [1, 0])[1]
    assert isinstance(batch, Batch)
    assert batch.images.shape == (1, 1, 8, 8)
    assert batch.labels.tolist() == [0]


def test_masks_come_with_their_slices() -> None:
    size = 16
    masks = np.zeros((2, size, size), np.uint8)
    masks[0, 2:5, 3:9] = masks[1, 10:, :4] = 1
    grey = np.stack([masks[1], np.zeros_like(masks[0]), masks[0]]) * np.uint8(200)
    cache = MaskCache(np.packbits(masks, axis=2), {}, size)
    # The split's slices lie at 2, 0 and 1 of the images; the last has no mask.
    slices = CachedSlices(grey, [2, 0, 1], [0, 1, 1], (cache, np.array([0, 1, -1])))
    batch = slices.__getitems__([5, 1, 3])  # the third again, the second, the first again
    assert batch.lesions is not None
    assert batch.lesions.known.tolist() == [False, True, True]
    np.testing.assert_array_equal(batch.lesions.masks * 200, batch.images)
    assert batch.labels.tolist() == [1, 1, 0]
    assert batch.indices.tolist() == [5, 1, 3]
    assert CachedSlices(grey, [2], [0])[0].lesions is None


def test_a_tally_counts_over_batches_of_any_size() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(50, 3, generator=generator)
    labels = torch.randint(0, 3, (50,), generator=generator)
    tally = Tally(torch.device("cpu"))
    for part in (slice(0, 7), slice(7, 40), slice(40, 50)):
        tally.add(logits[part], labels[part])
    loss, accuracy, confident = Tally.means(tally.sums)
    probabilities = logits.softmax(1)
    correct = probabilities.argmax(1) == labels
    assert loss == pytest.approx(torch.nn.functional.cross_entropy(logits, labels).item())
    assert accuracy == pytest.approx(correct.double().mean().item())
    sure = correct & (probabilities.amax(1) >= 0.7)
    assert confident == pytest.approx(sure.double().mean().item())
    assert 0 < confident < accuracy
