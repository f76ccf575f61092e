"""Loss and accuracy by epoch, as a picture."""

import io
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from brainlens.datasets.split_check import SplitStatus
from brainlens.files import write_bytes
from brainlens.training.history import EpochRecord

CURVES = "curves.png"
_TRAIN, _VAL, _CONFIDENT = "#7f7f7f", "#1f77b4", "#2ca02c"


def write_curves(
    path: Path, history: list[EpochRecord], best: EpochRecord, split_check: SplitStatus
) -> None:
    """Draw loss and accuracy of training and validation, the best epoch marked; a PNG.

    Parameters
    ----------
    path
        Where it goes.
    history
        At least one epoch.
    best
        The epoch that ``best.ckpt`` is of.
    split_check
        Of the run's data; said above the curves unless it is ``clean``.
    """
    # Figure without pyplot: no global state, no display, safe in any thread.
    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    loss, accuracy = figure.subplots(1, 2)
    epochs = [record.epoch for record in history]
    # A line through one point cannot be seen.
    marker = "o" if len(history) == 1 else ""
    loss.plot(epochs, [r.train_loss for r in history], _TRAIN, marker=marker, label="training")
    loss.plot(epochs, [r.val_loss for r in history], _VAL, marker=marker, label="validation")
    loss.set(ylabel="cross-entropy loss", ylim=(0, None))
    accuracy.plot(
        epochs, [r.train_accuracy for r in history], _TRAIN, marker=marker, label="training"
    )
    accuracy.plot(
        epochs, [r.val_accuracy for r in history], _VAL, marker=marker, label="validation"
    )
    accuracy.plot(
        epochs,
        [r.val_confident_correct for r in history],
        _CONFIDENT,
        linestyle=":",
        marker=marker,
        label="validation, correct with confidence ≥ 0.7",
    )
    accuracy.set(ylabel="share of slices", ylim=(0, 1))
    accuracy.yaxis.set_major_formatter(PercentFormatter(1.0))
    for axes in (loss, accuracy):
        _finish(axes, best)
    if split_check != "clean":
        figure.suptitle(f"{split_check} split", color="#b00020")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    write_bytes(path, buffer.getvalue())


def _finish(axes: Axes, best: EpochRecord) -> None:
    axes.axvline(best.epoch, color="black", linewidth=0.8, linestyle="--", label="best epoch")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
