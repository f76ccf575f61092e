"""One trial: a run, the bundle it exports, and that bundle's figures on every split."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.datasets.manifest import Manifest
from brainlens.evaluation.evaluate import evaluate
from brainlens.evaluation.evaluation import Evaluation
from brainlens.files import write_json
from brainlens.training.config import TrainConfig
from brainlens.training.export import export
from brainlens.training.record import MANIFEST, read_run
from brainlens.training.run import train

Say = Callable[[str], None]
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Trial:
    """What a trial made.

    Attributes
    ----------
    run
        The run's folder.
    bundle
        The exported bundle, not yet carrying its figures.
    evaluations
        The bundle's evaluation on each split that has slices.
    """

    run: Path
    bundle: Bundle
    evaluations: dict[str, Evaluation]

    def to_dict(self) -> dict[str, Any]:
        """Return what ``metrics.json`` of the trial holds."""
        record = read_run(self.run)
        # Where the data lay is nobody's business and differs from machine to machine.
        config = record.config.model_dump(mode="json", exclude={"data", "cache_folder"})
        return {
            "config": config,
            "data": record.data.model_dump(mode="json", exclude={"classes"}),
            "versions": record.versions,
            "decision_sha256": self.bundle.info.decision_sha256,
            "splits": {split: e.to_dict() for split, e in self.evaluations.items()},
        }


def trial(
    config: TrainConfig,
    work: Path,
    *,
    name: str,
    version: str,
    half: bool = False,
    checkpoint: Literal["best", "last"] = "best",
    progress: bool = True,
    say: Say,
) -> Trial:
    """Train (or go on), export, and evaluate on every split.

    Each step that is done already is not done again, except the evaluation: it takes seconds.

    Parameters
    ----------
    config
        The choices of the run.
    work
        Folder for the run (``run``), the bundle (``bundle``) and ``metrics.json``.
    name, version
        Of the bundle.
    half
        Store the weights in half precision.
    checkpoint
        Which weights of the run.
    progress
        Show the training's bars and its line an epoch.
    say
        Told what happens, for people.

    Raises
    ------
    BrainLensError
        Whatever training, export or evaluation refuse.
    """
    run = train(config, work / "run", resume=True, progress=progress)
    out = work / "bundle"
    if not out.exists():
        say(f"Exporting to {out}")
        export(run, out, name=name, version=version, half=half, checkpoint=checkpoint)
    bundle = load_bundle(out)
    manifest = Manifest.load(run / MANIFEST)
    evaluations = {}
    for split in SPLITS:
        if manifest.select(split=split).rows:
            say(f"Evaluating on {split}")
            evaluations[split] = evaluate(bundle, manifest, split=split)
    result = Trial(run, bundle, evaluations)
    write_json(work / "metrics.json", result.to_dict())
    return result
