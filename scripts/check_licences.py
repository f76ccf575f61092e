"""Check the licences of everything that ``brainlens`` with all its extras brings.

No GPL and no AGPL at run time; LGPL may be linked. A licence that is not on the list of permissive
ones, or not told, must be looked at by a person and entered in `LOOKED_AT` with the reason. Tools
of the development environment that are no dependency at run time are not judged.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = "brainlens"
EXTRAS = ("data", "eval", "kaggle", "oidc", "otel", "postgres", "redis", "train")

#: Package → what a person found its licence to be, where its metadata does not say it clearly.
LOOKED_AT: dict[str, str] = {}

_COPYLEFT = re.compile(r"\bA?GPL|(?<!Lesser )General Public License", re.IGNORECASE)
_PERMISSIVE = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|Unlicense|Zlib|HPND|CC0|MPL|Mozilla|LGPL|"
    r"Lesser General Public|Public Domain|BSL-1\.0",
    re.IGNORECASE,
)


def closure(root: str, extras: Iterable[str]) -> set[str]:
    """Return the canonical names of everything that ``root[extras]`` requires, without ``root``."""
    todo = [(root, frozenset(extras))]
    done: set[tuple[str, frozenset[str]]] = set()
    while todo:
        name, wanted = todo.pop()
        if (name, wanted) in done:
            continue
        done.add((name, wanted))
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            sys.exit(f"{name} is required, yet not installed: run make venv-dev")
        for text in requires:
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": e}) for e in ("", *wanted)):
                todo.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return {name for name, _ in done} - {root}


def licences() -> dict[str, str]:
    """Return the licence of every installed package, as its metadata tells it."""
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--from=mixed"]
    command.append("--with-system")  # setuptools is one, and torch needs it
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {canonicalize_name(row["Name"]): row["License"] for row in json.loads(output)}


def verdict(licence: str) -> str:
    """Return what is wrong with a licence, empty where nothing is."""
    # Of alternatives, one that may be used is enough.
    choices = re.split(r"\s+OR\s+", licence)
    if all(_COPYLEFT.search(choice) for choice in choices):
        return "GPL or AGPL may not be needed at run time"
    if not _PERMISSIVE.search(licence):
        return "look at it, then enter it in LOOKED_AT of scripts/check_licences.py"
    return ""


def main() -> int:
    """Print one line a package that is wrong; return the exit status."""
    told = licences()
    names = sorted(closure(ROOT, EXTRAS))
    wrong = [
        f"{name}: {told[name]}: {problem}"
        for name in names
        if name not in LOOKED_AT and (problem := verdict(told[name]))
    ]
    stale = [f"{name}: in LOOKED_AT, yet not needed" for name in LOOKED_AT if name not in names]
    print("\n".join([*wrong, *stale]) or f"licences of {len(names)} packages: no GPL, no AGPL")
    return 1 if wrong or stale else 0


if __name__ == "__main__":
    sys.exit(main())
