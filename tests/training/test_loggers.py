import sys
from pathlib import Path

import pytest
from lightning.pytorch.loggers import CSVLogger

from brainlens.errors import MissingExtra
from brainlens.training.loggers import make_loggers


def test_none_are_made_unless_asked_for(tmp_path: Path) -> None:
    assert make_loggers((), tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_csv_writes_below_the_run(tmp_path: Path) -> None:
    (logger,) = make_loggers(("csv",), tmp_path)
    assert isinstance(logger, CSVLogger)
    assert Path(logger.log_dir) == tmp_path / "logs" / "csv"


@pytest.mark.parametrize(
    ("name", "packages"),
    [
        ("tensorboard", ("tensorboard", "tensorboardX")),
        ("mlflow", ("mlflow", "mlflow_skinny")),
    ],
)
def test_a_missing_tracker_is_named(
    name: str, packages: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if any(package in sys.modules for package in packages):
        pytest.skip("already imported by something else")
    with pytest.raises(MissingExtra, match=f"pip install {name}"):
        make_loggers((name,), tmp_path)  # type: ignore[arg-type]  # the names are the tracker's
