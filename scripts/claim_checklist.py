"""Write docs/claim-checklist.md for a bundle: python scripts/claim_checklist.py [MEASURED …].

Each MEASURED is one of `brainlens.evaluation.claim_checklist.MEASUREMENTS` that was made for the
shipped default bundle and is on record.
"""

import sys
from pathlib import Path

from brainlens.bundle import find, load_bundle
from brainlens.evaluation.claim_checklist import claim_checklist
from brainlens.files import write_text

PAGE = Path(__file__).resolve().parent.parent / "docs" / "claim-checklist.md"


def main() -> None:
    """Write the page of the default bundle."""
    write_text(PAGE, claim_checklist(load_bundle(find("default")).info, sys.argv[1:]))


if __name__ == "__main__":
    main()
