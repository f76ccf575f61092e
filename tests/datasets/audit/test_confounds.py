from dataclasses import replace

import numpy as np
import pytest

from brainlens.datasets.audit.confounds import MOST_SLICES, find_confounds
from brainlens.datasets.audit.file_facts import FileFacts

PLAIN = FileFacts("png", "L", 256, 256, 0, "", 0.0, 0.1, 0.1, 0.8, 0.8)


def random_facts(n: int, seed: int = 0) -> list[FileFacts]:
    rng = np.random.default_rng(seed)
    return [
        replace(PLAIN, head_left=float(a), border=float(b)) for a, b in rng.random((n, 2)).round(2)
    ]


def labels_and_groups(n: int) -> tuple[list[str], list[str]]:
    return ["ab"[i % 2] for i in range(n)], [f"g{i % 2}-{i // 6}" for i in range(n)]


def test_facts_without_a_class_give_nothing_away() -> None:
    labels, groups = labels_and_groups(240)
    found = find_confounds(random_facts(240), labels, groups)
    assert found.score is not None
    assert found.chance == 0.5
    assert found.score.interval[0] < 0.5 < found.score.interval[1]
    assert not found.gives_away
    assert found.n_groups == 80
    assert set(found.same) == {
        "image size", "aspect ratio", "pixel mode", "file format", "JPEG quality",
        "size of the head",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("family", "change", "typical"),
    [
        ("image size", {"width": 512}, "512 x 256 (100 %)"),
        ("pixel mode", {"mode": "RGB"}, "RGB (100 %)"),
        ("JPEG quality", {"jpeg_quality": 75, "jpeg_tables": "0f"}, "quality 75 (100 %)"),
        ("size of the head", {"head_width": 0.6}, "width 0.6, height 0.8"),
    ],
)
def test_a_planted_confound_is_named(family: str, change: dict[str, object], typical: str) -> None:
    labels, groups = labels_and_groups(120)
    facts = random_facts(120)
    for i, label in enumerate(labels):
        if label == "b":
            facts[i] = replace(facts[i], **change)  # type: ignore[arg-type]  # a field by name
    steps: list[tuple[int, int]] = []
    found = find_confounds(facts, labels, groups, lambda done, total: steps.append((done, total)))
    assert found.score is not None
    assert found.score.balanced_accuracy > 0.99
    assert found.gives_away
    best = next(f for f in found.facts if f.name == family)
    assert best.score.balanced_accuracy == 1
    assert best.typical["b"] == typical
    assert {f.name for f in found.facts if f.score.balanced_accuracy > 0.75} <= {
        family, "aspect ratio",
    }  # fmt: skip
    assert steps[-1] == (len(steps), len(steps))


def test_groups_are_held_out_whole() -> None:
    # Each group has a border of its own: only who has seen the group knows its class.
    rng = np.random.default_rng(1)
    borders = rng.random(40)
    classes = rng.permutation([i % 2 for i in range(40)])
    facts = [replace(PLAIN, border=float(borders[i % 40])) for i in range(800)]
    labels = ["ab"[classes[i % 40]] for i in range(800)]
    known = find_confounds(facts, labels, [str(i) for i in range(800)])
    held_out = find_confounds(facts, labels, [str(i % 40) for i in range(800)])
    assert known.score is not None
    assert held_out.score is not None
    assert known.score.balanced_accuracy > 0.9
    assert held_out.score.balanced_accuracy < 0.75
    # Few groups make a wide interval, however many slices they have.
    widths = [s.interval[1] - s.interval[0] for s in (held_out.score, known.score)]
    assert widths[0] > 3 * widths[1]


def test_classes_too_small_are_left_out_and_named() -> None:
    labels, groups = labels_and_groups(120)
    facts = random_facts(125)
    found = find_confounds(facts, [*labels, *["rare"] * 5], [*groups, *"vwxyz"])
    assert found.labels == ("a", "b")
    assert found.left_out == ("rare",)
    assert found.n_slices == 120


def test_a_set_too_small_says_so() -> None:
    labels, _ = labels_and_groups(120)
    found = find_confounds(random_facts(120), labels, labels)
    assert found.score is None
    assert "Fewer than two classes have 20 slices in 5 groups" in found.reason
    assert found.left_out == ("a", "b")
    assert not found.gives_away
    assert found.chance == 0
    assert find_confounds([], [], []).reason


def test_rows_without_a_label_take_no_part() -> None:
    labels, groups = labels_and_groups(120)
    labels, groups = [*labels, *[""] * 60], [*groups, *map(str, range(60))]
    found = find_confounds(random_facts(180), labels, groups)
    assert found.labels == ("a", "b")
    assert found.left_out == ()


def test_nothing_but_equal_facts_is_chance() -> None:
    labels, groups = labels_and_groups(120)
    found = find_confounds([PLAIN] * 120, labels, groups)
    assert found.score is not None
    assert found.score.balanced_accuracy == 0.5
    assert not found.gives_away
    assert found.facts == ()


def test_large_sets_are_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_SLICES > 3064
    monkeypatch.setattr("brainlens.datasets.audit.confounds.MOST_SLICES", 100)
    labels, groups = labels_and_groups(240)
    assert find_confounds(random_facts(240), labels, groups).n_slices == 100
