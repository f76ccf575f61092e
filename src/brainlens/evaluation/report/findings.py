"""All that a report may speak of."""

from dataclasses import dataclass
from typing import Any

from brainlens.bundle.load import Bundle
from brainlens.datasets.fingerprint import data_sha256
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.split_check import SplitCheck, check_split
from brainlens.evaluation.evaluation import Evaluation
from brainlens.evaluation.looking import Looking
from brainlens.evaluation.pooled import Pooled
from brainlens.evaluation.robustness.robustness import Robustness


@dataclass(frozen=True)
class Findings:
    """What was found out about a model; what is None was not measured, and the report says so.

    Attributes
    ----------
    evaluation
        The figures and the outcomes they come from.
    bundle
        The model, for what it was trained on and for heat maps; None where outcomes of several
        models were pooled.
    manifest
        The data, for pictures, masks and fingerprints; None where only outcomes are at hand.
    looking
        Whether the model looks at the lesion; needs masks.
    robustness
        How it bears changed images.
    pooled
        What the evaluation was pooled from; None where it is of one model.
    """

    evaluation: Evaluation
    bundle: Bundle | None = None
    manifest: Manifest | None = None
    looking: Looking | None = None
    robustness: Robustness | None = None
    pooled: Pooled | None = None

    @property
    def fingerprint(self) -> str | None:
        """`data_sha256` of the evaluated slices; None where the manifest holds no pixel hashes."""
        if self.manifest is None:
            return None
        evaluated = self.manifest
        if any(row.split for row in evaluated.rows):
            evaluated = evaluated.select(split=self.evaluation.split)
        return data_sha256(evaluated) if all(r.pixel_sha256 for r in evaluated.rows) else None

    @property
    def split_check(self) -> SplitCheck | None:
        """Whether patients or copies cross the manifest's split; None where nobody can tell.

        Hashes that are missing are not computed here: that would decode the whole data set.
        """
        if self.manifest is None:
            return None
        rows = [row for row in self.manifest.rows if row.split]
        if len({row.split for row in rows}) < 2:
            return None
        if not all(row.sha256 and row.pixel_sha256 for row in rows):
            return None
        return check_split(self.manifest)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``metrics.json`` holds: everything but the outcomes."""
        check, looking, robustness = self.split_check, self.looking, self.robustness
        return {
            **(self.pooled or self.evaluation).to_dict(),
            "data_sha256": self.fingerprint,
            "split_check": check and check.status,
            "looking": looking and looking.to_dict(),
            "robustness": robustness and robustness.to_dict(),
        }
