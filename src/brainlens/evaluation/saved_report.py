"""A report read back: what was measured, and the outcome of every slice."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brainlens.errors import DataError, StorageError
from brainlens.evaluation.report.folder import METRICS_FILE, OUTCOMES_FILE
from brainlens.outcomes import Outcome, read_outcomes


@dataclass(frozen=True, slots=True)
class SavedReport:
    """What a report says that a comparison needs.

    Attributes
    ----------
    model, decision_sha256, split, protocol
        What was measured and how; empty where the report does not say.
    class_ids
        Ids of the model's classes.
    outcomes
        One a slice.
    """

    model: str
    decision_sha256: str
    split: str
    protocol: str
    class_ids: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    @classmethod
    def load(cls, path: Path) -> "SavedReport":
        """Read the folder of a report, or a CSV file of outcomes alone.

        Raises
        ------
        DataError
            If it is neither, or its files are damaged.
        StorageError
            If the file system refuses to read.
        """
        if path.is_dir():
            said = _metrics(path / METRICS_FILE)
            outcomes = read_outcomes(path / OUTCOMES_FILE)
        elif path.is_file():
            said, outcomes = {}, read_outcomes(path)
        else:
            raise DataError(
                f"{path} is not there.",
                hint="Give the folder that `brainlens evaluate --out` wrote, or an outcomes.csv.",
            )
        return cls(
            model=str(said.get("model", path.name)),
            decision_sha256=str(said.get("decision_sha256", "")),
            split=str(said.get("split", "")),
            protocol=str(said.get("protocol", "")),
            class_ids=tuple(said.get("classes", ())) or _classes(outcomes),
            outcomes=tuple(outcomes),
        )


def _metrics(path: Path) -> Mapping[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            f"{path.parent} holds no {METRICS_FILE}.",
            hint="Give the folder that `brainlens evaluate --out` wrote.",
        ) from error
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Check its permissions."
        ) from error
    except ValueError as error:
        raise DataError(f"{path} is not valid JSON: {error}.", hint="Evaluate again.") from error
    if not isinstance(said, dict) or not isinstance(said.get("classes"), list):
        raise DataError(f"{path} is not a report's {METRICS_FILE}.", hint="Evaluate again.")
    return said


def _classes(outcomes: list[Outcome]) -> tuple[str, ...]:
    """Return the classes that have a probability anywhere, in the order of the columns."""
    return tuple(dict.fromkeys(c for outcome in outcomes for c in outcome.probabilities))
