"""``dataset.json``: what a set of slices is, whose it is, and what its classes are called."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from brainlens.classes import ClassInfo
from brainlens.datasets.json_fault import first_fault
from brainlens.errors import DataError
from brainlens.files import write_json

DATASET_FILE = "dataset.json"


class DatasetInfo(BaseModel):
    """Origin, licence and classes of a set of slices.

    Attributes
    ----------
    title
        What its authors call it.
    authors
        Who made it.
    source
        Where it comes from, for instance a doi.
    licence
        Under which terms, for instance ``CC BY 4.0``.
    attribution
        The sentence that the licence asks for.
    changes
        What was done to the originals.
    synthetic
        Whether the slices were generated.
    classes
        What is known of the classes; may be empty, then labels speak for themselves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = ""
    authors: tuple[str, ...] = ()
    source: str = ""
    licence: str = ""
    attribution: str = ""
    changes: str = ""
    synthetic: bool = False
    classes: tuple[ClassInfo, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> "DatasetInfo":
        """Read ``dataset.json`` of ``folder``; an empty description where there is none.

        Raises
        ------
        DataError
            If the file is there and is not such a description.
        """
        path = folder / DATASET_FILE
        if not path.exists():
            return cls()
        try:
            return cls.model_validate(json.loads(path.read_text(encoding="utf-8-sig")))
        # What pydantic raises is a ValueError too.
        except ValueError as error:
            raise DataError(
                f"{path} is not a description of a data set: {first_fault(error)}.",
                hint="Mend it, or move it away: it may be missing.",
            ) from error

    def save(self, folder: Path) -> None:
        """Write ``dataset.json`` into ``folder``; an empty description writes nothing.

        Raises
        ------
        DataError
            If ``folder`` holds the description of another set.
        """
        if self == DatasetInfo():
            return
        if (folder / DATASET_FILE).exists():
            if DatasetInfo.load(folder) == self:
                return
            raise DataError(
                f"{folder} already holds the {DATASET_FILE} of another data set.",
                hint="Write into a folder of its own.",
            )
        write_json(folder / DATASET_FILE, self.model_dump(mode="json"))
