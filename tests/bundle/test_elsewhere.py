"""A bundle of a network that was trained elsewhere: what is not known is said to be not known."""

import re
from pathlib import Path

import pytest

from brainlens.bundle import load_bundle, write_bundle
from brainlens.bundle.card import card, notice
from brainlens.bundle.cautions import ELSEWHERE
from brainlens.bundle.schema import CARD, GRAPH, NOTICE, WEIGHTS, BundleInfo, Network, Training
from brainlens.errors import BundleInvalid, UsageError


@pytest.fixture
def info(tiny_info: BundleInfo) -> BundleInfo:
    return tiny_info.model_copy(
        update={
            "seen": None,
            "network": Network(name="elsewhere", options={"layout": "NCHW"}),
            "training": Training(
                data_title="Slices of\none hospital",
                data_licence="CC BY 4.0",
                data_sha256="",
                synthetic=False,
                n_slices=None,
                split_check="unknown",
                protocol="unknown",
                seed=None,
                preset="",
                epochs=None,
            ),
        }
    )


def test_it_needs_no_weights_beside_its_graph(
    tmp_path: Path, info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    write_bundle(tmp_path / "b", info, {GRAPH: tiny_files[GRAPH]})
    bundle = load_bundle(tmp_path / "b")
    assert WEIGHTS not in bundle.names
    assert {GRAPH, CARD, NOTICE} < set(bundle.names)
    assert bundle.info.training.elsewhere


def test_one_of_our_own_needs_them(
    tmp_path: Path, tiny_info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    with pytest.raises(UsageError, match=re.escape(f"missing: {WEIGHTS}")):
        write_bundle(tmp_path / "b", tiny_info, {GRAPH: tiny_files[GRAPH]})


def test_weights_that_are_recorded_must_be_there(
    tmp_path: Path, info: BundleInfo, tiny_files: dict[str, bytes]
) -> None:
    write_bundle(tmp_path / "b", info, tiny_files)
    (tmp_path / "b" / WEIGHTS).unlink()
    with pytest.raises(BundleInvalid, match="is missing"):
        load_bundle(tmp_path / "b")


def test_the_card_says_what_is_not_known(info: BundleInfo) -> None:
    text = card(info)
    assert f"**{ELSEWHERE}**" in text
    assert "in the words of whoever made this bundle: Slices of one hospital" in text
    assert "Licence: CC BY 4.0" in text
    assert "whether patients were kept whole and how it was trained is not known here" in text
    assert "layout: NCHW" in text
    assert WEIGHTS not in text
    assert "None" not in text.replace("None measured yet", "")


def test_the_notice_does_not_claim_the_training(info: BundleInfo, tiny_info: BundleInfo) -> None:
    assert "trained elsewhere" in notice(info)
    assert "elsewhere" not in notice(tiny_info)
