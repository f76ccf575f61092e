"""The bundles inside the installed package, by name."""

from pathlib import Path

from brainlens.bundle.schema import DESCRIPTION
from brainlens.errors import BundleNotFound

SHIPPED = Path(__file__).resolve().parent.parent / "bundles"


def shipped(root: Path = SHIPPED) -> dict[str, Path]:
    """Return the folder of each bundle under ``root`` by its name, sorted."""
    return {path.parent.name: path.parent for path in sorted(root.glob(f"*/{DESCRIPTION}"))}


def find(name_or_path: str | Path, root: Path = SHIPPED) -> Path:
    """Return the path of a bundle given by shipped name or by path.

    A shipped name wins over a file of that name in the current folder: write ``./default`` for the
    latter.

    Raises
    ------
    BundleNotFound
        If there is neither.
    """
    names = shipped(root)
    if str(name_or_path) in names:
        return names[str(name_or_path)]
    path = Path(name_or_path)
    if path.exists():
        return path
    raise BundleNotFound(
        f"There is no bundle {str(name_or_path)!r}, neither shipped nor at that path.",
        hint=f"Shipped: {', '.join(names) or 'none'}; or give a bundle's folder or zip.",
    )
