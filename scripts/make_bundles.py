"""Make the bundles that ship inside the package again.

    python scripts/make_bundles.py --data FOLDER_OF_THE_CHENG_SET [--only default] [--keep-weights]

Work goes on in runs/release where it was stopped. It trains three networks: allow hours on two
cores.
With ``--keep-weights`` none is trained: the weights that ship are exported, calibrated, given gates
and measured anew, in minutes. What is measured is kept in experiments/shipped. What the gates do
with images of other kinds comes into the card afterwards (``scripts/measure_gates.py``), and so
does what such a model says of a tumour it has never seen (``brainlens unknown --bundle``). Beside
their own figures, cards get those of the recipe's cross-validation, where one is kept in
experiments.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

from brainlens.bundle.schema import Metric
from brainlens.bundle.shipped import SHIPPED
from brainlens.errors import BrainLensError
from brainlens.pipeline.recipe import RECIPES
from brainlens.pipeline.release import EVALUATION, release

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
KEPT = EXPERIMENTS / "shipped"
#: What bundles are trained by, where that was cross-validated.
PRESETS = {"default": "guided", "simple-cnn": "default"}
POOLED = "five networks of this recipe, each on the fold that it never saw"


def main() -> int:
    """Make the chosen bundles; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the Cheng data set, for default")
    parser.add_argument("--only", choices=sorted(RECIPES), help="make this one only")
    parser.add_argument("--work", type=Path, default=Path("runs/release"))
    parser.add_argument(
        "--keep-weights", action="store_true", help="train nothing: start from what ships"
    )
    chosen = parser.parse_args()
    try:
        for name in [chosen.only] if chosen.only else RECIPES:
            data = None if name == "demo" else chosen.data
            work, shipped = chosen.work / name, SHIPPED / name
            weights = shipped if chosen.keep_weights else None
            bundle = release(
                name, data, work, shipped, weights=weights, pooled=pooled(name), say=print
            )
            KEPT.mkdir(parents=True, exist_ok=True)
            shutil.copy(work / EVALUATION, KEPT / f"{name}.json")
            print(f"{name}: {bundle.path}, decision {bundle.info.decision_sha256}")
    except BrainLensError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def pooled(name: str) -> list[Metric]:
    """Return what the recipe of a bundle reached over five folds, in as many networks."""
    found = []
    for protocol in ("official", "grouped"):
        path = EXPERIMENTS / f"crossval-{PRESETS.get(name)}-{protocol}" / "metrics.json"
        if path.is_file():
            figures = json.loads(path.read_text(encoding="utf-8"))
            metrics = figures["all"]["metrics"] + figures["patients"]["metrics"]
            found += [Metric.model_validate(metric | {"subgroup": POOLED}) for metric in metrics]
    return found


if __name__ == "__main__":
    sys.exit(main())
