"""Writing a bundle: hashes, card and notice are made here, so they always fit the files."""

from collections.abc import Mapping
from pathlib import Path

from brainlens.bundle.card import card, notice
from brainlens.bundle.description import encode, seal
from brainlens.bundle.schema import CARD, DESCRIPTION, GATES, GRAPH, NOTICE, WEIGHTS, BundleInfo
from brainlens.errors import StorageError, UsageError
from brainlens.files import new_folder, sha256_bytes, write_bytes

_MAY_BE_GIVEN = frozenset((GRAPH, WEIGHTS, GATES))


def write_bundle(folder: Path, info: BundleInfo, files: Mapping[str, bytes]) -> BundleInfo:
    """Write a new bundle, whole or not at all.

    Parameters
    ----------
    folder
        Where it will be; must not exist.
    info
        The description. Its hashes (``files``, ``decision_sha256``, ``description_sha256``) are
        computed here, whatever they were.
    files
        ``model.onnx``; ``weights.safetensors``, unless the graph holds them; and
        ``gate.safetensors`` where there are gates. The card and the notice are made from ``info``.

    Returns
    -------
    BundleInfo
        The description with its hashes, as written.

    Raises
    ------
    UsageError
        If ``folder`` exists or ``files`` are not the files of a bundle.
    BundleInvalid
        If the description holds a number that is not finite.
    StorageError
        If the file system refuses to write.
    """
    if folder.exists():
        raise UsageError(
            f"{folder} exists; a bundle is never overwritten.", hint="Give another folder."
        )
    _check_names(info, files)
    sealed, contents = _complete(info, files)
    try:
        with new_folder(folder) as building:
            for name, data in contents.items():
                write_bytes(building / name, data)
    except OSError as error:
        raise StorageError(
            f"The bundle {folder} cannot be written: {error.strerror or error}.",
            hint="Check the permissions and the space on the disk.",
        ) from error
    return sealed


def _check_names(info: BundleInfo, files: Mapping[str, bytes]) -> None:
    wanted = {GRAPH} if info.graph_holds_weights else {GRAPH, WEIGHTS}
    missing = sorted(wanted - set(files))
    extra = sorted(set(files) - _MAY_BE_GIVEN)
    if missing or extra:
        raise UsageError(
            f"A bundle is written from {', '.join(sorted(wanted))} and, with gates, {GATES}; "
            f"missing: {', '.join(missing) or 'none'}; not taken: {', '.join(extra) or 'none'}.",
            hint="The card, the notice and the description are made from the information given.",
        )


def _complete(info: BundleInfo, files: Mapping[str, bytes]) -> tuple[BundleInfo, dict[str, bytes]]:
    """Return the sealed description and all files of the bundle."""
    hashes = {name: sha256_bytes(files[name]) for name in sorted(files)}
    info = info.model_copy(update={"files": hashes})
    info = info.model_copy(update={"decision_sha256": info.decision_hash()})
    # The card cites the decision hash and is itself hashed into `files`: hence this order.
    contents = {**files, CARD: card(info).encode(), NOTICE: notice(info).encode()}
    hashes = {name: sha256_bytes(contents[name]) for name in sorted(contents)}
    sealed = seal(info.model_copy(update={"files": hashes}))
    return sealed, {**contents, DESCRIPTION: encode(sealed)}
