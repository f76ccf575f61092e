"""Experiment trackers a run can write to."""

from collections.abc import Callable
from pathlib import Path

from lightning.pytorch.loggers import CSVLogger, Logger, MLFlowLogger, TensorBoardLogger

from brainlens.errors import MissingExtra
from brainlens.training.config import LoggerName

FOLDER = "logs"


def _csv(folder: Path) -> Logger:
    return CSVLogger(folder, name="", version="")


def _tensorboard(folder: Path) -> Logger:
    return TensorBoardLogger(folder, name="", version="")


def _mlflow(folder: Path) -> Logger:
    # MLFLOW_TRACKING_URI wins where it is set: Lightning falls back to it for None.
    import os

    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
    return MLFlowLogger(experiment_name="brainlens", tracking_uri=uri)


_MAKERS: dict[LoggerName, tuple[Callable[[Path], Logger], str]] = {
    "csv": (_csv, ""),
    "tensorboard": (_tensorboard, "tensorboard"),
    "mlflow": (_mlflow, "mlflow"),
}


def make_loggers(names: tuple[LoggerName, ...], run_dir: Path) -> list[Logger]:
    """Return Lightning's loggers, writing below the run's folder ``logs``.

    Raises
    ------
    MissingExtra
        If a tracker's package is not installed.
    """
    loggers = []
    for name in names:
        make, package = _MAKERS[name]
        folder = run_dir / FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            loggers.append(make(folder))
        except ModuleNotFoundError as error:
            raise MissingExtra(
                f"The logger {name!r} needs the package {package}.",
                hint=f"pip install {package}",
            ) from error
    return loggers
