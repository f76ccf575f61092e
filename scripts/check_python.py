"""Say in one line when Python is too old, before anything is installed."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - runs on whatever interpreter the machine has
    sys.exit(
        "BrainLens needs Python 3.11 or newer, this is %d.%d: make PYTHON=python3.11 ..."  # noqa: UP031
        % sys.version_info[:2]
    )
