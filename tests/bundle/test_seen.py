import pytest
from pydantic import ValidationError

from brainlens.bundle import BundleInfo
from brainlens.bundle.schema import Seen
from brainlens.bundle.seen import seen_index


def test_hashes_are_found_within_the_distance(tiny_info: BundleInfo) -> None:
    seen = Seen(max_distance=2, hashes=("00000000000000ff", "ffff000000000000"))
    index = seen_index(tiny_info.model_copy(update={"seen": seen}))
    assert index is not None
    assert index.contains(0xFF)
    assert index.contains(0xFC)
    assert not index.contains(0xF8)
    assert index.contains(0xFFFF000000000001)


def test_no_hashes_no_index(tiny_info: BundleInfo) -> None:
    assert seen_index(tiny_info) is None


@pytest.mark.parametrize("text", ["", "ff", "00000000000000FF", "00000000000000gg", "0" * 17])
def test_what_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Seen(max_distance=2, hashes=(text,))
