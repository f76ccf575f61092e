from pathlib import Path

import pytest

from brainlens.errors import BundleInvalid, BundleNotFound, UsageError
from brainlens.server.models import Models
from brainlens.server.refusals import ThresholdLowered, UnknownModel
from brainlens.server.settings import Settings


def test_first_model_is_the_default_where_none_is_so_named(tiny_bundle: Path) -> None:
    models = Models.load(Settings(bundles={"b": tiny_bundle, "a": tiny_bundle}))

    assert models.default == "b"
    assert models.find(None) is models.find("b")
    assert models.find("a").name == "a"


def test_model_named_default_is_the_default(tiny_bundle: Path) -> None:
    models = Models.load(Settings(bundles={"a": tiny_bundle, "default": tiny_bundle}))

    assert models.default == "default"


def test_default_can_be_chosen(tiny_bundle: Path) -> None:
    paths = {"a": tiny_bundle, "default": tiny_bundle}

    assert Models.load(Settings(bundles=paths, default_model="a")).default == "a"
    with pytest.raises(UsageError, match="none"):
        Models.load(Settings(bundles=paths, default_model="none"))


def test_unknown_model_is_refused_with_the_known(tiny_bundle: Path) -> None:
    models = Models.load(Settings(bundles={"a": tiny_bundle, "b": tiny_bundle}))

    with pytest.raises(UnknownModel) as caught:
        models.find("c")

    assert "a, b" in caught.value.hint


def test_operator_may_raise_the_threshold_only(tiny_bundle: Path) -> None:
    raised = Models.load(Settings(bundles={"a": tiny_bundle}, threshold=0.9)).find("a")

    assert raised.threshold == 0.9
    assert raised.threshold_for(None) == 0.9
    assert raised.threshold_for(0.9) == 0.9
    assert raised.threshold_for(1.0) == 1.0
    with pytest.raises(ThresholdLowered):
        raised.threshold_for(0.8)
    with pytest.raises(UsageError, match=r"0\.5"):
        Models.load(Settings(bundles={"a": tiny_bundle}, threshold=0.5))


def test_bundles_that_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(BundleNotFound):
        Models.load(Settings(bundles={"a": tmp_path / "none"}))
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleInvalid):
        Models.load(Settings(bundles={"a": tmp_path / "empty"}))


def test_shipped_bundles_are_served_by_default(
    monkeypatch: pytest.MonkeyPatch, tiny_bundle: Path
) -> None:
    monkeypatch.setattr("brainlens.server.models.shipped", lambda: {"demo": tiny_bundle})
    assert list(Models.load(Settings()).by_name) == ["demo"]

    monkeypatch.setattr("brainlens.server.models.shipped", dict)
    with pytest.raises(BundleNotFound) as caught:
        Models.load(Settings())
    assert "--bundle" in caught.value.hint
