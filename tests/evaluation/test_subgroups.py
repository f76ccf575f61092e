import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from brainlens.evaluation.lesion_size import LesionSizes
from brainlens.evaluation.subgroups import by_lesion_size

NAN = float("nan")


def test_thirds_and_fixed_sizes_in_millimetres() -> None:
    sizes = LesionSizes(np.array([10.0, 20, 25, 35, 40, 55, NAN]), "mm")
    groups = {
        name: np.flatnonzero(members).tolist() for name, members in by_lesion_size(sizes).items()
    }
    assert groups == {
        "smallest third of lesions (below 23.3 mm)": [0, 1],
        "middle third of lesions (23.3 to 36.7 mm)": [2, 3],
        "largest third of lesions (36.7 mm or more)": [4, 5],
        "lesions below 20 mm": [0],
        "lesions of 20 to 30 mm": [1, 2],
        "lesions of 30 to 40 mm": [3],
        "lesions of 40 mm or more": [4, 5],
    }


def test_shares_of_the_image_and_groups_without_slices() -> None:
    sizes = LesionSizes(np.array([0.006, 0.007, 0.025]), "share")
    groups = by_lesion_size(sizes)
    assert [name for name in groups if name.startswith("lesions")] == [
        "lesions of 0.5 to 1 % of the image",
        "lesions of 2 % of the image or more",
    ]
    assert len(groups) == 5


def test_equal_sizes_have_no_thirds_and_unknown_ones_no_group() -> None:
    assert list(by_lesion_size(LesionSizes(np.array([5.0, 5.0]), "mm"))) == ["lesions below 20 mm"]
    assert by_lesion_size(LesionSizes(np.array([NAN]), "mm")) == {}


@given(st.lists(st.floats(0.01, 100) | st.just(NAN), min_size=1, max_size=60))
def test_each_known_size_is_in_one_third_and_in_one_fixed_group(values: list[float]) -> None:
    sizes = LesionSizes(np.array(values), "mm")
    groups = by_lesion_size(sizes)
    known = ~np.isnan(sizes.values)
    thirds = [members for name, members in groups.items() if "third" in name]
    fixed = [members for name, members in groups.items() if "third" not in name]
    for parts in (thirds, fixed):
        if parts:
            np.testing.assert_array_equal(np.sum(parts, axis=0), known)
    assert all(members.any() for members in groups.values())


def test_thirds_are_thirds() -> None:
    sizes = LesionSizes(np.random.default_rng(0).gamma(3, 10, size=300), "mm")
    thirds = [m for name, m in by_lesion_size(sizes).items() if "third" in name]
    assert [int(members.sum()) for members in thirds] == [100, 100, 100]
