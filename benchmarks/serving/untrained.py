"""A bundle for measuring time where none ships: one short epoch on a few phantoms."""

from pathlib import Path

from brainlens.datasets.phantom import write_phantoms
from brainlens.datasets.splits import split
from brainlens.training.config import preset
from brainlens.training.export import export
from brainlens.training.run import train

SLICES = 60


def make_bundle(work: Path) -> Path:
    """Return a bundle of the default network at the default size; its answers mean nothing."""
    whole = write_phantoms(work / "phantoms", slices=SLICES, seed=0, size=128)
    table = work / "split" / "manifest.csv"
    split(whole, test_fraction=0.2, val_fraction=0.2, seed=0).save(table)
    run = train(preset("scaled", table, epochs=1), work / "run", progress=False)
    export(run, work / "bundle", name="untrained", version="0")
    return work / "bundle"
