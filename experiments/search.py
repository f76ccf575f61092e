"""Search the recipe of the network that ships, on validation patients only.

    python experiments/search.py MANIFEST WORK [NAME ...]    train those candidates, or all
    python experiments/search.py --table                     write search.md anew from what is kept

MANIFEST is made by `brainlens data import-cheng`; the work folder stays outside the repository.
Goes on where it was killed; candidates may run side by side, one thread each. Candidates train on
official folds 2, 3 and 4 and are judged on fold 5; fold 1, which tests the bundle that ships, and
whatever shares a group with it, is left out altogether.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from cells import share

from brainlens.bundle.load import load_bundle
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.splits import official
from brainlens.evaluation.evaluate import evaluate
from brainlens.files import write_json, write_text
from brainlens.imaging.spec import PreprocessSpec
from brainlens.training.augmentation_spec import AugmentationSpec
from brainlens.training.config import PRESETS, preset
from brainlens.training.export import export
from brainlens.training.record import read_run
from brainlens.training.run import train

HERE = Path(__file__).parent
KEPT = HERE / "search"
TEST_FOLD, VALIDATION_FOLD = 1, 5

_STRIPPED: AugmentationSpec = PRESETS["guided"]["augmentation"]
_AUGMENTED = _STRIPPED.model_copy(update={"strip_chance": 0.0})
_STRONGER = _AUGMENTED.model_copy(
    update={
        "rotation_degrees": 25.0,
        "scale": 0.2,
        "shift": 0.1,
        "gamma": 0.4,
        "artefact_chance": 0.2,
    }
)


def _size(size: int) -> dict[str, Any]:
    return {"preprocess": PreprocessSpec(intensity="percentile", size=size)}


# The preset as it was when the search began; what was found went into it.
_BASE: dict[str, Any] = {
    "epochs": 8,
    "learning_rate": 5e-4,
    "placed_weight": 0.0,
    "augmentation": _AUGMENTED,
    **_size(192),
}
_HEAD: dict[str, Any] = {
    "learning_rate": 1e-3,
    "preprocess": PreprocessSpec(intensity="percentile", crop="head", size=192),
}

# One change each against that.
CANDIDATES: dict[str, tuple[str, dict[str, Any]]] = {
    "base": ("the preset `guided` as it was, for 8 epochs", {}),
    "unguided": ("no lesion map, plain pooling at stride 32", {"network": "efficientnet_lite0"}),
    "freeze3": ("stem and first two stages kept as ImageNet left them", {"freeze": 3}),
    "decay": ("each stage learns at 0.75 of the rate of the next", {"layer_decay": 0.75}),
    "stronger": (
        "rotation 25°, scale 0.2, shift 0.1, gamma 0.4, artefacts at 0.2",
        {"augmentation": _STRONGER},
    ),
    "slices": ("every slice once an epoch, patients with many oftener", {"sampling": "slices"}),
    "224px": ("224 px instead of 192", _size(224)),
    "long": ("16 epochs instead of 8", {"epochs": 16}),
    "lite2": (
        "EfficientNet-Lite2 instead of Lite0",
        {"network": "guided:efficientnet_lite2"},
    ),
    "resnet18": (
        "ResNet-18, plain pooling, random start (no published weights were at hand), 24 epochs",
        {"network": "resnet18", "init": "random", "epochs": 24},
    ),
    "rate": ("learning rate 1e-3 instead of 5e-4", {"learning_rate": 1e-3}),
    "head": ("as rate, and slices cut to the head", _HEAD),
    "placed": (
        "as head, and each place of the lesion classified by itself, too",
        _HEAD | {"placed_weight": 0.5},
    ),
    "strip": (
        "as placed, and 15 % of slices stripped of their skull (all above: 10 % lost a rim)",
        _HEAD | {"placed_weight": 0.5, "augmentation": _STRIPPED},
    ),
}
_TITLE = """# The search for the recipe

Made by `experiments/search.py --table`. Each candidate is one run, seed 0, on official folds 2, 3
and 4 and judged on fold 5; 8 epochs unless it says otherwise; one change each against the first.
Fold 1 and what shares a group with it took no part. The best of a run's epochs was chosen on the
same validation slices, so every figure flatters a little, and all alike; *last loss* is that of the
last epoch, chosen by nothing. In brackets, 95 % intervals drawn over patients: all overlap, and
differences of a point or two are within what another seed would do. Hours are of one thread of a
CPU; `long`, `lite2` and `resnet18` were trained last, after the recipe had been frozen, side by
side on a GPU (NVIDIA H200), and their hours are of that.

| candidate | what differs | accuracy | loss | last loss | meningioma found | by patient \
| map's Dice | hours |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def prepare(manifest: Path, table: Path) -> None:
    """Write the search's manifest: folds 2 to 4 train, fold 5 validates, nothing is tested."""
    whole = Manifest.load(manifest)
    judged = official(whole, test_fold=VALIDATION_FOLD, drop_shared_groups=True)
    untouched = official(whole, test_fold=TEST_FOLD, drop_shared_groups=True)
    allowed = {row.path for row in untouched.rows if row.split == "train"}
    names = {"train": "train", "test": "val"}
    rows = [
        replace(row, split=names[row.split])
        for row in judged.rows
        if row.path in allowed and row.split
    ]
    replace(judged, rows=tuple(rows)).save(table)


def measure(name: str, table: Path, work: Path, *, stopped: bool) -> None:
    """Train one candidate (if it was not stopped), judge it on the validation slices, keep that."""
    words, changes = CANDIDATES[name]
    folder = work / name
    machine = {"threads": 1, "cache_folder": work / "cache"}
    config = preset("guided", table, **(_BASE | machine | changes))
    run = folder / "run" if stopped else train(config, folder / "run", resume=True)
    if not (folder / "bundle").exists():
        export(run, folder / "bundle", name="candidate", version="0.1.0")
    bundle = load_bundle(folder / "bundle")
    evaluation = evaluate(bundle, Manifest.load(table), split="val", workers=1)
    epochs = json.loads((folder / "run" / "history.json").read_text(encoding="utf-8"))
    judged = evaluation.to_dict()
    record = read_run(run)
    found = {
        "candidate": name,
        "words": words,
        "stopped": stopped,
        # Where the data lay is nobody's business and differs from machine to machine.
        "config": record.config.model_dump(mode="json", exclude={"data", "cache_folder"}),
        "versions": record.versions,
        "slices": judged["all"]["metrics"],
        "patients": judged["patients"]["metrics"],
        "history": epochs,
        "hours": sum(epoch["seconds"] for epoch in epochs) / 3600,
    }
    KEPT.mkdir(exist_ok=True)
    write_json(KEPT / f"{name}.json", found)


def table() -> str:
    """Return the table of all candidates, as Markdown."""
    return "\n".join(_row(name, words) for name, (words, _) in CANDIDATES.items()) + "\n"


def _row(name: str, words: str) -> str:
    path = KEPT / f"{name}.json"
    if not path.is_file():
        return f"| {name} | {words} | not run |" + " |" * 6
    found = json.loads(path.read_text(encoding="utf-8"))
    figures = {(m["name"], m["class_id"]): m for m in found["slices"]}
    patients = {(m["name"], m["class_id"]): m for m in found["patients"]}
    last = found["history"][-1]
    dice = last.get("val_lesion_dice")
    cells = (
        name,
        words,
        share(figures["accuracy", None]),
        f"{figures['loss', None]['value']:.3f}",
        f"{last['val_loss']:.3f}",
        share(figures["sensitivity", "meningioma"]),
        share(patients["accuracy", None]),
        "–" if dice is None else f"{dice:.2f}",
        f"{found['hours']:.2f}" + (f", stopped after {last['epoch']}" if found["stopped"] else ""),
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Train candidates, or write the table only."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path, nargs="?")
    parser.add_argument("work", type=Path, nargs="?")
    parser.add_argument("names", nargs="*", choices=[*CANDIDATES, []])
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--stopped", action="store_true", help="judge what was trained so far")
    chosen = parser.parse_args()
    if not chosen.table:
        split = chosen.work / "manifest.csv"
        if not split.exists():
            prepare(chosen.manifest, split)
        for name in chosen.names or CANDIDATES:
            measure(name, split, chosen.work, stopped=chosen.stopped)
    write_text(HERE / "search.md", _TITLE + table())


if __name__ == "__main__":
    main()
