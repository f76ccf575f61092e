import pytest

from brainlens.bundle.card import card
from brainlens.bundle.cautions import ELSEWHERE, LEAKY, SYNTHETIC, UNVERIFIED, cautions
from brainlens.bundle.schema import BundleInfo
from brainlens.words import UNVERIFIED_LICENCE


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({}, ()),
        ({"synthetic": True}, (SYNTHETIC,)),
        ({"split_check": "leaky"}, (LEAKY,)),
        ({"split_check": "unknown"}, (ELSEWHERE,)),
        ({"data_licence": UNVERIFIED_LICENCE}, (UNVERIFIED,)),
        ({"data_licence": "CC BY 4.0"}, ()),
    ],
)
def test_each_caution_has_its_reason(
    tiny_info: BundleInfo, training: dict[str, object], expected: tuple[str, ...]
) -> None:
    plain = {"synthetic": False, "split_check": "clean", "data_licence": ""}
    changed = tiny_info.training.model_copy(update={**plain, **training})
    info = tiny_info.model_copy(update={"training": changed})
    assert cautions(info) == expected
    assert all(sentence in card(info) for sentence in expected)


def test_the_words_of_an_unverified_licence() -> None:
    assert "data licence unverified" in UNVERIFIED.lower()
