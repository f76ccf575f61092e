"""Make the bundles that ship inside the package again: default and demo.

    python scripts/make_bundles.py --data FOLDER_OF_THE_CHENG_SET [--only default] [--keep-weights]

Work goes on in runs/release where it was stopped. It trains two networks: allow hours on two cores.
With ``--keep-weights`` none is trained: the weights that ship are exported, calibrated, given gates
and measured anew, in minutes. What is measured is kept in experiments/shipped. What the gates do
with images of other kinds comes into the card afterwards (``scripts/measure_gates.py``), and so
does what such a model says of a tumour it has never seen (``brainlens unknown --bundle``).
"""

import argparse
import shutil
import sys
from pathlib import Path

from brainlens.bundle.shipped import SHIPPED
from brainlens.errors import BrainLensError
from brainlens.pipeline.recipe import RECIPES
from brainlens.pipeline.release import EVALUATION, release

KEPT = Path(__file__).parents[1] / "experiments" / "shipped"


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
            data = chosen.data if name == "default" else None
            work, shipped = chosen.work / name, SHIPPED / name
            weights = shipped if chosen.keep_weights else None
            bundle = release(name, data, work, shipped, weights=weights, say=print)
            KEPT.mkdir(parents=True, exist_ok=True)
            shutil.copy(work / EVALUATION, KEPT / f"{name}.json")
            print(f"{name}: {bundle.path}, decision {bundle.info.decision_sha256}")
    except BrainLensError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
