"""Make the bundles that ship inside the package again: default and demo.

    python scripts/make_bundles.py --data FOLDER_OF_THE_CHENG_SET [--only default]

Work goes on in runs/release where it was stopped. It trains two networks: allow hours on two cores.
"""

import argparse
import sys
from pathlib import Path

from brainlens.bundle.shipped import SHIPPED
from brainlens.errors import BrainLensError
from brainlens.pipeline.recipe import RECIPES
from brainlens.pipeline.release import release


def main() -> int:
    """Make the chosen bundles; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the Cheng data set, for default")
    parser.add_argument("--only", choices=sorted(RECIPES), help="make this one only")
    parser.add_argument("--work", type=Path, default=Path("runs/release"))
    chosen = parser.parse_args()
    try:
        for name in [chosen.only] if chosen.only else RECIPES:
            data = chosen.data if name == "default" else None
            bundle = release(name, data, chosen.work / name, SHIPPED / name, say=print)
            print(f"{name}: {bundle.path}, decision {bundle.info.decision_sha256}")
    except BrainLensError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
