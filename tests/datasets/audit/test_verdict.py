from dataclasses import replace
from pathlib import Path

import pytest

from brainlens.datasets.audit.confounds import Confounds, FactScore, Score
from brainlens.datasets.audit.findings import Audit
from brainlens.datasets.audit.leaks import HeldOut, Leaks
from brainlens.datasets.audit.verdict import Line, counted, share, verdict
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.split_check import SplitCheck, check_split


@pytest.fixture
def spotless(audited: Audit) -> Audit:
    """Return an audit that found nothing, of a set without a split."""
    return replace(
        audited,
        faults=(),
        exact=(),
        pairs=(),
        sets=(),
        leaks=Leaks(None, (), 0.0),
        confounds=Confounds(labels=("a", "b"), score=Score(0.5, (0.4, 0.6))),
        inspected=tuple(replace(f, faults=()) for f in audited.inspected),
    )


def held_out(**counts: int) -> HeldOut:
    zero = dict.fromkeys(("n_copies", "n_patients", "n_groups", "n_neighbours", "n_leaked"), 0)
    return HeldOut(**{"split": "test", "n_slices": 200, **zero, **counts})  # type: ignore[arg-type]  # fields by name


def leaky(spotless: Audit, **counts: int) -> Line:
    leaks = replace(spotless.leaks, held_out=(held_out(**counts),))
    check = replace(_check(), status="leaky")
    return verdict(replace(spotless, leaks=replace(leaks, check=check)))[0]


def _check() -> SplitCheck:
    """Return the split check of nothing."""
    return check_split(Manifest(Path("/"), ()))


def test_nothing_found_is_said_for_each_kind(spotless: Audit) -> None:
    lines = verdict(spotless)
    assert {line.weight for line in lines} == {"good"}
    text = " ".join(line.text for line in lines)
    for words in ("no split yet", "two labels", "copy of another", "do not give", "can be read"):
        assert words in text


def test_the_gravest_comes_first_and_says_what_it_does_to_an_accuracy(audited: Audit) -> None:
    lines = verdict(audited)
    order = ["bad", "doubt", "note", "good"]
    assert [order.index(line.weight) for line in lines] == sorted(
        order.index(line.weight) for line in lines
    )
    assert "10 of" in lines[0].text
    assert "an accuracy measured here is too high" in lines[0].text
    text = " ".join(line.text for line in lines)
    assert "2 pictures (4 files, 1 of them in test) are in several classes" in text
    assert "6 files cannot be used" in text
    assert "1 coloured" in text
    assert "1 not looked into" in text


def test_the_effect_of_a_leak_is_a_number(spotless: Audit) -> None:
    line = leaky(spotless, n_copies=60, n_patients=50, n_leaked=100)
    assert line.weight == "bad"
    assert "50 % of the test images (100 of 200)" in line.text
    assert "60 have a copy there and 50 show a patient who is there too" in line.text
    # Half by heart, four fifths of the other half: 90 per cent.
    assert "may show up to 90 %" in line.text


def test_neighbours_are_no_proof_and_groups_a_doubt(spotless: Audit) -> None:
    line = leaky(spotless, n_neighbours=10)
    assert "5.0 % of the test images (10 of 200)" in line.text
    assert "no proof" in line.text
    assert "may show up to 81 %" in line.text
    line = leaky(spotless, n_groups=1)
    assert line.weight == "doubt"
    assert "1 test slice of 200 belongs to a group that is" in line.text


def test_a_split_of_training_only_measures_nothing(spotless: Audit) -> None:
    (line,) = [
        line
        for line in verdict(replace(spotless, leaks=Leaks(_check(), (), None)))
        if "held out" in line.text
    ]
    assert line.weight == "note"


def test_a_clean_split_is_praised(spotless: Audit) -> None:
    lines = verdict(replace(spotless, leaks=Leaks(_check(), (held_out(),), None)))
    assert "Nothing leaks" in lines[0].text


def test_a_split_to_come_is_warned_of(spotless: Audit) -> None:
    line = verdict(replace(spotless, leaks=Leaks(None, (), 0.42)))[0]
    assert line.weight == "doubt"
    assert "42 % of the test images would have a copy" in line.text
    nearly = verdict(replace(spotless, leaks=Leaks(None, (), 0.9958)))[0]
    assert "99.6 % of the test images" in nearly.text


@pytest.mark.parametrize(("value", "weight"), [(0.9, "bad"), (0.55, "doubt")])
def test_a_confound_weighs_what_it_tells(spotless: Audit, value: float, weight: str) -> None:
    score = Score(value, (value - 0.01, value + 0.01))
    found = Confounds(labels=("a", "b"), score=score, facts=(FactScore("image size", score, {}),))
    (line,) = [x for x in verdict(replace(spotless, confounds=found)) if "guessing" in x.text]
    assert line.weight == weight
    assert f"most telling fact is the image size ({value:.2f} by itself)" in line.text


def test_what_was_not_measured_is_said(spotless: Audit) -> None:
    lines = verdict(replace(spotless, confounds=Confounds(reason="Too few.")))
    assert any(line.weight == "note" and "Too few." in line.text for line in lines)


def test_images_of_a_bundle(spotless: Audit) -> None:
    named = replace(spotless, bundle="b 1.0")
    assert any("trained on none" in line.text for line in verdict(named))
    for split, weight in (("train", "note"), ("test", "doubt")):
        of_split = [i for i, row in enumerate(named.manifest.rows) if row.split == split][:3]
        seen = tuple(replace(f, seen=i in of_split) for i, f in enumerate(named.inspected))
        (line,) = [x for x in verdict(replace(named, inspected=seen)) if "b 1.0" in x.text]
        assert line.weight == weight
        assert f"3 images of these, or on look-alikes (3 in {split})" in line.text


def test_numbers_in_words() -> None:
    assert counted(1, "copy") == "1 copy"
    assert counted(2000, "copy") == "2,000 copies"
    assert share(1, 3) == "33 %"
    assert share(1, 30) == "3.3 %"
    assert share(1, 10000) == "less than 0.1 %"
    assert share(1999, 2000) == "more than 99.9 %"
    assert share(5, 5) == "100 %"
    assert share(0, 0) == "0.0 %"
