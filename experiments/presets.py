"""Train the three presets on official fold 1 of the Cheng set, measure them, draw their curves.

    python experiments/presets.py path/to/cheng work-folder

Goes on where it was killed. The work folder stays outside the repository; figures
(``metrics.json``, ``history.json``) and the picture of the README are written into it.
"""

import json
import shutil
import sys
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from brainlens.files import write_bytes
from brainlens.pipeline.recipe import RECIPES
from brainlens.pipeline.trial import trial
from brainlens.training.config import preset

HERE = Path(__file__).parent
PICTURE = HERE.parent / "docs" / "images" / "presets.png"
PRESETS = {
    "reference": "reference protocol",
    "scaled": "+ robust intensity scaling",
    "default": "+ schedule and augmentation",
}


def measure(cheng: Path, work: Path) -> None:
    """Run every preset that is not done, and keep its figures here."""
    # The release of the default bundle keeps its data and its run in the same places.
    manifest = RECIPES["default"].prepare(cheng, work / "default" / "data")
    for name in PRESETS:
        config = preset(name, manifest)  # type: ignore[arg-type] # keys above
        trial(config, work / name, name=f"cheng-{name}", version="0.1.0", say=print)
        kept = HERE / f"cheng-fold1-{name}"
        kept.mkdir(exist_ok=True)
        shutil.copy(work / name / "metrics.json", kept)
        shutil.copy(work / name / "run" / "history.json", kept)


def draw() -> None:
    """Draw accuracy on the validation patients over the epochs, one panel a preset."""
    figure = Figure(figsize=(9, 3), layout="constrained")
    axes = figure.subplots(1, len(PRESETS), sharey=True)
    for axis, (name, title) in zip(axes, PRESETS.items(), strict=True):
        history = json.loads((HERE / f"cheng-fold1-{name}" / "history.json").read_text())
        epochs = [row["epoch"] for row in history]
        axis.plot(epochs, [row["train_accuracy"] for row in history], "--", label="training")
        axis.plot(epochs, [row["val_accuracy"] for row in history], label="unseen patients")
        axis.set(title=title, xlabel="epoch", ylim=(0.3, 1.01))
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("accuracy (slices)")
    axes[0].legend(loc="lower right")
    picture = BytesIO()
    figure.savefig(picture, dpi=110)
    write_bytes(PICTURE, picture.getvalue())


if __name__ == "__main__":
    measure(Path(sys.argv[1]), Path(sys.argv[2]))
    draw()
