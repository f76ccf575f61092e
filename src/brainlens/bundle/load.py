"""Loading a bundle: nothing of it is used before every hash has been checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from brainlens.bundle.description import decode
from brainlens.bundle.members import MAX_TOTAL_BYTES, read_members
from brainlens.bundle.schema import DESCRIPTION, REQUIRED, WEIGHTS, BundleInfo
from brainlens.errors import BundleInvalid
from brainlens.files import sha256_bytes

_AGAIN = "Fetch or export the bundle again."


@dataclass(frozen=True, eq=False)
class Bundle:
    """A verified bundle, whole in memory: what was verified is what is used.

    Attributes
    ----------
    info
        The content of ``bundle.json``.
    path
        Where it was loaded from; not looked at again.
    """

    info: BundleInfo
    path: Path
    _contents: Mapping[str, bytes] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files, sorted."""
        return tuple(sorted(self._contents))

    def read(self, name: str) -> bytes:
        """Return the verified bytes of one file.

        Raises
        ------
        BundleInvalid
            If the bundle has no such file.
        """
        if name not in self._contents:
            raise BundleInvalid(
                f"The bundle {self.info.name} has no {name}.", hint="Export it again."
            )
        return self._contents[name]


def load_bundle(path: Path, *, max_total_bytes: int = MAX_TOTAL_BYTES) -> Bundle:
    """Load and verify the bundle at ``path``, a folder or a zip.

    Parameters
    ----------
    path
        The bundle.
    max_total_bytes
        Largest sum of the files' sizes.

    Raises
    ------
    BundleNotFound
        If nothing is there.
    BundleInvalid
        If a file is missing, extra, changed or too large, or the description breaks its schema.
    StorageError
        If the file system refuses to read.
    """
    path = Path(path)
    contents = read_members(path, max_total_bytes=max_total_bytes)
    if DESCRIPTION not in contents:
        raise BundleInvalid(
            f"{path} has no {DESCRIPTION}: it is not a bundle.",
            hint="Give the folder or zip that `brainlens export` wrote.",
        )
    info = decode(contents[DESCRIPTION])
    _verify_files(info, contents)
    if info.decision_hash() != info.decision_sha256:
        raise BundleInvalid(
            f"decision_sha256 in {DESCRIPTION} is not the hash of what decides an answer.",
            hint=_AGAIN,
        )
    return Bundle(info=info, path=path, _contents=contents)


def _verify_files(info: BundleInfo, contents: Mapping[str, bytes]) -> None:
    """Raise unless the files are exactly those recorded, byte for byte."""
    known = set() if info.graph_holds_weights else {WEIGHTS}
    for name in sorted({*REQUIRED, *known, *info.files} - set(contents)):
        raise BundleInvalid(f"{name} is missing from the bundle.", hint=_AGAIN)
    for name in sorted(set(contents) - {DESCRIPTION}):
        if name not in info.files:
            raise BundleInvalid(
                f"The bundle holds {name}, which {DESCRIPTION} does not record.",
                hint=f"Remove {name}, or export the bundle again.",
            )
        if sha256_bytes(contents[name]) != info.files[name]:
            raise BundleInvalid(f"{name} was changed after the bundle was written.", hint=_AGAIN)
