"""How the bundles that ship are made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from brainlens.datasets.cheng import import_cheng
from brainlens.datasets.phantom import write_phantoms
from brainlens.datasets.splits import official, split
from brainlens.errors import UsageError
from brainlens.training.config import TrainConfig, preset

#: Whole groups of the training folds that are kept for validation and calibration.
VALIDATION_GROUPS = 35

MANIFEST = "manifest.csv"


@dataclass(frozen=True)
class Recipe:
    """How one shipped bundle is made.

    Attributes
    ----------
    version
        Of the bundle.
    prepare
        Makes the data ready: (folder of the original data or None, folder to write into) →
        manifest.
    configure
        Manifest → every choice of the run.
    calibrate
        Whether the validation patients carry a temperature and prediction sets.
    half
        Store the weights in half precision.
    """

    version: str
    prepare: Callable[[Path | None, Path], Path]
    configure: Callable[[Path], TrainConfig]
    calibrate: bool = True
    half: bool = False


def _cheng_fold_1(data: Path | None, work: Path) -> Path:
    """Test on official fold 1; nothing that shares a group with it is trained on."""
    if data is None:
        raise UsageError(
            "This bundle is made from the Cheng data set.", hint="Name its folder by --data."
        )
    table = work / MANIFEST
    if not table.exists():
        whole = import_cheng(data, work / "all.csv")
        parts = official(
            whole, test_fold=1, val_groups=VALIDATION_GROUPS, drop_shared_groups=True, seed=0
        )
        parts.save(table)
    return table


def _phantoms(data: Path | None, work: Path) -> Path:
    """Make synthetic slices; there are no original data."""
    if data is not None:
        raise UsageError("This bundle is made from synthetic images.", hint="Leave --data out.")
    table = work / "split" / MANIFEST
    if not table.exists():
        whole = write_phantoms(work / "phantoms", slices=2400, seed=0, size=256)
        split(whole, test_fraction=0.2, val_fraction=0.15, seed=0).save(table)
    return table


RECIPES = {
    "default": Recipe(
        version="0.2.0",
        prepare=_cheng_fold_1,
        configure=lambda data: preset("guided", data),
        half=True,
    ),
    # The preset `default`, whose network needs no other's weights to start from.
    "simple-cnn": Recipe(
        version="0.1.0",
        prepare=_cheng_fold_1,
        configure=lambda data: preset("default", data),
    ),
    "demo": Recipe(
        version="0.1.0",
        prepare=_phantoms,
        configure=lambda data: preset("default", data, epochs=8),
        # All but one of its validation phantoms are told apart: from so few errors a temperature
        # is fitted that makes the wrong answers on other phantoms surer.
        calibrate=False,
    ),
}
