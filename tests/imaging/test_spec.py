import pytest
from pydantic import ValidationError

from brainlens.imaging import PreprocessSpec


def test_every_constant_counts_in_the_hash() -> None:
    variants = [
        {},
        {"intensity": "full_range"},
        {"low_percentile": 1.0},
        {"high_percentile": 99.0},
        {"foreground": 0.2},
        {"size": 224},
        {"crop": "head"},
        {"mean": 0.1},
        {"std": 0.5},
    ]
    specs = [PreprocessSpec.model_validate(v) for v in variants]
    assert len({spec.sha256 for spec in specs}) == len(variants)
    # The cache is of the steps before standardisation, so the last two share the first one's.
    assert len({spec.cache_sha256 for spec in specs}) == len(variants) - 2
    assert specs[0].cache_sha256 == specs[-1].cache_sha256


def test_specifications_from_before_there_was_a_cut_keep_their_hash() -> None:
    assert "crop" not in PreprocessSpec().model_dump(mode="json")
    assert PreprocessSpec(crop="head").model_dump()["crop"] == "head"


def test_a_head_is_not_sought_in_grey_values_as_they_come() -> None:
    with pytest.raises(ValidationError, match="crop needs percentile"):
        PreprocessSpec(intensity="full_range", crop="head")


def test_the_hash_survives_json() -> None:
    spec = PreprocessSpec(size=224, mean=0.2, std=0.25)
    assert PreprocessSpec.model_validate_json(spec.model_dump_json()).sha256 == spec.sha256


@pytest.mark.parametrize("name", ["low_percentile", "high_percentile", "foreground"])
def test_what_has_no_meaning_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        PreprocessSpec.model_validate(
            {"intensity": "full_range", name: 98 if name == "high_percentile" else 0.3}
        )


@pytest.mark.parametrize("changes", [{"size": 16}, {"std": 0}, {"levels": 128}, {"pads": "square"}])
def test_what_cannot_be_done_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PreprocessSpec.model_validate(changes)
