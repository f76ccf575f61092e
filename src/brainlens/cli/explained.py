"""Explanations as files: ``predict --explain DIR``."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from brainlens.inference.answer import Answer
    from brainlens.inference.explanation import MapPictures


def to_files(answer: "Answer", folder: Path, stem: str) -> "Answer":
    """Write the pictures of an answer and return it with their paths in the pictures' place.

    Parameters
    ----------
    answer
        An answer; without an explanation it is returned as it is.
    folder
        Where to write; made if it is not there.
    stem
        What the files' names begin with; the class and ``overlay.png`` or ``map.png`` follow.

    Raises
    ------
    StorageError
        If the file system refuses to write.
    """
    shown = answer.explanation
    if shown is None:
        return answer

    def written(pictures: "MapPictures", name: str) -> dict[str, str]:
        # A class may be named by anything, also by what separates folders.
        start = f"{stem}.{quote(name, safe=' ')}"
        return {
            "overlay_png": _write(folder / f"{start}.overlay.png", pictures.overlay_png),
            "map_png": _write(folder / f"{start}.map.png", pictures.map_png),
        }

    lesion = shown.lesion_map
    moved = shown.model_copy(
        update={
            **written(shown, shown.class_id),
            "others": tuple(
                other.model_copy(update=written(other, other.class_id)) for other in shown.others
            ),
            "lesion_map": None
            if lesion is None
            else lesion.model_copy(update=written(lesion, "lesion_map")),
        }
    )
    return answer.model_copy(update={"explanation": moved})


def _write(path: Path, picture: str) -> str:
    from brainlens.errors import StorageError
    from brainlens.files import write_bytes

    try:
        write_bytes(path, base64.b64decode(picture))
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}.",
            hint="Check the permissions and the space on the disk.",
        ) from error
    return str(path)
