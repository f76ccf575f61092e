"""How often professionals concluded what the model had answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brainlens.evaluation.exact import clopper_pearson
from brainlens.pipeline.monitor.tally import Tally


@dataclass(frozen=True, slots=True)
class Agreement:
    """Conclusions beside answers; of several about one prediction the last counts.

    Attributes
    ----------
    n_answered
        Answered predictions.
    n_concluded, n_agreed
        Those of them with a conclusion, and with one that is the answer.
    table
        Class concluded (None for none of the model's), class answered → predictions.
    abstained
        Class concluded → abstained predictions.
    """

    n_answered: int
    n_concluded: int
    n_agreed: int
    table: Mapping[tuple[str | None, str], int]
    abstained: Mapping[str | None, int]

    @classmethod
    def of(cls, tally: Tally) -> "Agreement":
        """Return the agreement of the records of a tally."""
        table: dict[tuple[str | None, str], int] = {}
        abstained: dict[str | None, int] = {}
        for (status, answered, concluded), n in tally.concluded.items():
            if status == "answered" and answered is not None:
                table[concluded, answered] = table.get((concluded, answered), 0) + n
            elif status == "abstained":
                abstained[concluded] = abstained.get(concluded, 0) + n
        return cls(
            n_answered=tally.count("answered"),
            n_concluded=sum(table.values()),
            n_agreed=sum(n for (concluded, answered), n in table.items() if concluded == answered),
            table=table,
            abstained=abstained,
        )

    @property
    def share(self) -> float | None:
        """Share that agrees, of those with a conclusion; None without any."""
        return self.n_agreed / self.n_concluded if self.n_concluded else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its exact 95 % interval, were all predictions independent."""
        return clopper_pearson(self.n_agreed, self.n_concluded) if self.n_concluded else None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "n_answered": self.n_answered,
            "n_concluded": self.n_concluded,
            "n_agreed": self.n_agreed,
            "share": self.share,
            "interval": self.interval,
            "table": [
                {"concluded": concluded, "answered": answered, "n": n}
                for (concluded, answered), n in sorted(self.table.items(), key=_by_name)
            ],
            "abstained": [
                {"concluded": concluded, "n": n}
                for concluded, n in sorted(self.abstained.items(), key=lambda i: str(i[0] or ""))
            ],
        }


def _by_name(item: tuple[tuple[str | None, str], int]) -> tuple[str, str]:
    (concluded, answered), _ = item
    return answered, concluded or ""
