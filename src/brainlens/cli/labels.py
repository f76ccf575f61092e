"""``--map FOLDER=CLASS`` and what is said of labels that met their class by another name."""

from collections.abc import Iterable, Mapping

from brainlens.cli.console import counted
from brainlens.errors import UsageError


def parse_map(pairs: Iterable[str] | None, option: str = "--map") -> dict[str, str]:
    """Return ``{left: right}`` of ``LEFT=RIGHT`` texts, for instance ``{folder: class id}``.

    Raises
    ------
    UsageError
        If a text is no such pair, or a left side comes twice.
    """
    found: dict[str, str] = {}
    for pair in pairs or ():
        left, separator, right = pair.rpartition("=")
        if not (separator and left and right):
            raise UsageError(f"{option} {pair} is no pair.", hint=f"Write {option} LEFT=RIGHT.")
        if left in found:
            raise UsageError(f"{option} names {left} twice.", hint="Once is enough.")
        found[left] = right
    return found


def label_lines(aliases: Mapping[str, str], unmatched: Mapping[str, int]) -> list[str]:
    """Return what must be said of labels: aliases that were used, labels that mean no class."""
    lines = [
        f"{label} was taken for {class_id}, as the model's aliases say. If it means something else "
        f"in these data, say so with --map {label}=CLASS."
        for label, class_id in aliases.items()
    ]
    lines += [
        f"{label} ({counted(n, 'image')}) means no class of the model and stays out of the "
        f"figures; --map {label}=CLASS brings it in."
        for label, n in unmatched.items()
    ]
    return lines
