"""A bundle is never edited: a change makes a new one."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.bundle.schema import GATES, GRAPH, WEIGHTS, BundleInfo
from brainlens.bundle.write import write_bundle
from brainlens.errors import UsageError

_COMPUTED = frozenset(("files", "decision_sha256", "description_sha256", "schema"))


def revise(
    bundle: Bundle, out: Path, *, gate_statistics: bytes | None = None, **changes: Any
) -> Bundle:
    """Write a new bundle with the same network and a changed description.

    Parameters
    ----------
    bundle
        The bundle to start from; stays as it is.
    out
        Folder of the new bundle; must not exist.
    gate_statistics
        The new content of ``gate.safetensors``; by default that of ``bundle``.
    **changes
        Fields of `BundleInfo` and their new values, for instance ``metrics``.

    Returns
    -------
    Bundle
        The new bundle, loaded and verified.

    Raises
    ------
    UsageError
        If a field does not exist, is computed, or its value breaks the schema; or ``out`` exists.
    """
    allowed = set(BundleInfo.model_fields) - _COMPUTED - {"schema_version"}
    wrong = sorted(set(changes) - allowed)
    if wrong:
        raise UsageError(
            f"A bundle's {', '.join(wrong)} cannot be set.",
            hint=f"These can: {', '.join(sorted(allowed))}.",
        )
    old = bundle.info.model_dump(mode="json", by_alias=True)
    try:
        info = BundleInfo.model_validate({**old, **changes})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"The new {place} breaks the bundle's schema: {first['msg']}.") from error
    files = {name: bundle.read(name) for name in (GRAPH, WEIGHTS, GATES) if name in bundle.names}
    if gate_statistics is not None:
        files[GATES] = gate_statistics
    write_bundle(out, info, files)
    return load_bundle(out)
