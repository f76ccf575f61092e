"""Cross-validate every recipe on the Cheng set under every protocol; keep the figures here.

    python experiments/crossval.py MANIFEST WORK        train what is not trained, pool, keep
    python experiments/crossval.py --table              write crossval.md anew from what is kept

Goes on where it was killed. MANIFEST is made by `brainlens data import-cheng`; the work folder
stays outside the repository. Each cross-validation that is finished puts its ``metrics.json``
into ``crossval-PRESET-PROTOCOL`` (and ``-seedN``) beside this file. Allow hours on two
cores; the verb `brainlens crossval` with the same options and the same folder trains one of them,
or one fold of it, elsewhere.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from cells import share

from brainlens.datasets.folds import Protocol
from brainlens.files import write_text
from brainlens.pipeline.crossval import Crossval
from brainlens.training.config import Preset, preset

HERE = Path(__file__).parent
TABLE = HERE / "crossval.md"
# Preset, protocol, seed.
WANTED: tuple[tuple[Preset, Protocol, int], ...] = (
    ("reference", "grouped", 0),
    ("reference", "official", 0),
    ("reference", "random", 0),
    ("default", "grouped", 0),
    ("default", "official", 0),
    ("guided", "official", 0),
    ("guided", "grouped", 0),
    ("guided", "official", 1),
    ("guided", "grouped", 1),
    ("guided", "official", 2),
    ("guided", "grouped", 2),
)
_HEAD = """# Every recipe under every protocol

Made by `experiments/crossval.py --table` from the `metrics.json` of each cross-validation. Five
folds of the Cheng set (3064 slices, 233 patients); every slice is answered by the network of the
fold that it was kept out of, after that network was exported and calibrated on validation patients
of its own training folds (given these patients alone; [temperatures.md](temperatures.md) tells
what holding temperatures near 1, as `calibrate` does since, makes of the rows of seed 0). In
brackets, 95 % intervals drawn over patients. The seed decides start, order, augmentation and
validation patients, and how `grouped` folds are dealt. *By other folds* is the calibration error
with temperatures fitted on the answers about the other folds' patients (some 187) instead of the
fold's own validation patients (some 35). `random` leaks on purpose: it shows what slices of one
patient on both sides buy. `reference` and `default` are SimpleCNN; `guided` is the recipe of the
network that ships: with seed 0 trained on a CPU, with seeds 1 and 2 on a GPU.
"""


def measure(manifest: Path, work: Path) -> None:
    """Run what is not done, pool what is, and keep its figures."""
    for name, protocol, seed in WANTED:
        config = preset(name, manifest, threads=1, seed=seed)
        folder = work / folder_name(name, protocol, seed)
        job = Crossval(config, protocol, folder)
        job.run(say=print)
        job.pool(say=print)
        keep(folder)


def keep(folder: Path) -> None:
    """Copy the figures of a finished cross-validation here."""
    kept = HERE / f"crossval-{folder.name}"
    kept.mkdir(exist_ok=True)
    shutil.copy(folder / "metrics.json", kept)


def table() -> str:
    """Return the table of all that is kept, as Markdown."""
    lines = [
        "| preset | protocol | seed | accuracy | balanced accuracy | meningioma found | by patient "
        "| answered (≥ 70 %) | wrong among them | calibration error (perfect) "
        "| by other folds | mean ± spread |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, protocol, seed in WANTED:
        path = HERE / f"crossval-{folder_name(name, protocol, seed)}" / "metrics.json"
        if path.is_file():
            found = json.loads(path.read_text(encoding="utf-8"))
            lines.append(_row(name, protocol, seed, found))
        else:
            lines.append(f"| {name} | {protocol} | {seed} | not finished |" + " |" * 8)
    return "\n".join(lines) + "\n"


def folder_name(name: str, protocol: str, seed: int) -> str:
    """Return the name of a cross-validation's folder."""
    return f"{name}-{protocol}" + (f"-seed{seed}" if seed else "")


def _row(name: str, protocol: str, seed: int, found: dict[str, Any]) -> str:
    figures = {(m["name"], m["class_id"]): m for m in found["all"]["metrics"]}
    patients = {(m["name"], m["class_id"]): m for m in found["patients"]["metrics"]}
    at, after = found["confidence"]["at_threshold"], found["confidence"]["after"]
    others = found["confidence"].get("by_others")
    mean, spread = found["accuracy_over_folds"].values()
    cells = (
        name,
        f"{protocol} (leaks)" if protocol == "random" else protocol,
        str(seed),
        share(figures["accuracy", None]),
        share(figures["balanced_accuracy", None]),
        share(figures["sensitivity", "meningioma"]),
        share(patients["accuracy", None]),
        share(at["answer_rate"]),
        share(at["error_among_answered"]),
        f"{100 * after['ece']:.1f} % ({100 * after['ece_floor']:.1f} %)",
        "–" if others is None else f"{100 * others['figures']['ece']:.1f} %",
        f"{100 * mean:.1f} ± {100 * spread:.1f} %",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure, or write the table only."""
    if sys.argv[1:] != ["--table"]:
        measure(Path(sys.argv[1]), Path(sys.argv[2]))
    write_text(TABLE, f"{_HEAD}\n{table()}")


if __name__ == "__main__":
    main()
