"""``config.json``: the choices of a run, and what they met."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from brainlens.bundle.schema import StartWeights
from brainlens.classes import ClassInfo
from brainlens.errors import RunError
from brainlens.files import write_json
from brainlens.training.config import OptionValue, TrainConfig

CONFIG = "config.json"
MANIFEST = "manifest.csv"
_PACKAGES = ("brainlens", "torch", "lightning", "numpy", "pillow")

# What may differ when a run goes on: none of it changes the weights.
FREE = frozenset({"workers", "loggers", "cache_folder"})


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataRecord(_Part):
    """What was trained on.

    Attributes
    ----------
    data_sha256
        Fingerprint of the training slices.
    n_train, n_val
        Slices.
    n_patients
        Patients among the training slices, or None where unknown.
    protocol
        How the split was made, as the manifest says.
    split_check, split_sentence
        Result of the split check, and the same for people.
    """

    title: str
    licence: str
    attribution: str
    data_sha256: str
    classes: tuple[ClassInfo, ...]
    n_train: int
    n_val: int
    n_patients: int | None
    synthetic: bool
    protocol: str
    split_check: Literal["clean", "group-ambiguous", "leaky"]
    split_sentence: str


class RunRecord(_Part):
    """The content of ``config.json``.

    Attributes
    ----------
    start
        Where the weights started from; None for random ones.
    built
        Every option of the network, its defaults and what was read of it included: what a
        checkpoint is loaded into needs nothing else. Empty in runs from before it was kept.
    versions
        Of Python and of the packages that the weights depend on.
    """

    config: TrainConfig
    data: DataRecord
    start: StartWeights | None = None
    built: dict[str, OptionValue] = {}
    versions: dict[str, str]

    def write(self, run_dir: Path) -> None:
        """Write ``config.json`` into the run's folder, atomically."""
        write_json(run_dir / CONFIG, self.model_dump(mode="json"))

    def require_same(self, config: TrainConfig, run_dir: Path) -> None:
        """Check that a run would go on with the choices it was started with.

        Raises
        ------
        RunError
            If a choice differs that the weights depend on; it names all that do.
        """
        then, now = self.config.model_dump(mode="json"), config.model_dump(mode="json")
        differing = [
            f"{key} is {_short(now[key])}, was {_short(then[key])}"
            for key in then
            if key not in FREE and then[key] != now[key]
        ]
        if differing:
            raise RunError(
                f"{run_dir} was started with another configuration: {'; '.join(differing)}.",
                hint="Go on with the same options, or start a run in a new folder.",
            )


def _short(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def versions() -> dict[str, str]:
    """Return the versions that a run's weights depend on."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def read_run(run_dir: Path) -> RunRecord:
    """Read ``config.json`` of a run's folder.

    Raises
    ------
    RunError
        If it is missing or damaged.
    """
    path = run_dir / CONFIG
    try:
        return RunRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise RunError(
            f"{run_dir} is not a training run: it has no {CONFIG}.",
            hint="Name the folder that `brainlens train` wrote.",
        ) from error
    except ValidationError as error:
        raise RunError(
            f"{path} cannot be read: {error.errors()[0]['msg']}.",
            hint="Train again in a new folder.",
        ) from error
