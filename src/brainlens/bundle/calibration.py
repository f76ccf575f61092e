"""What calibration adds to a bundle's description: parts that decide, and how they came about."""

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Share = Annotated[float, Field(ge=0, le=1)]
_Positive = Annotated[float, Field(gt=0, lt=1)]

# Shares are written as decimal numbers by people and programs: 0.33, 0.33, 0.34 add up to 1.
_ROUNDING = 1e-6


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PredictionSets(_Part):
    """Which classes an answer cannot rule out (class-conditional conformal sets).

    Attributes
    ----------
    level
        Wanted share of slices of new patients of a class whose set holds that class, in (0, 1).
    least
        Class id → smallest probability at which the class is in the set; 0 where too few patients
        of the class were there to rule it out ever.
    """

    level: float = Field(gt=0, lt=1)
    least: dict[str, _Share]


class Prior(_Part):
    """Another class mix that the probabilities are turned to.

    Attributes
    ----------
    shares
        Class id → share of the class where the model is used, above 0, summing to 1.
    calibrated
        Class id → share of the class in what the probabilities were calibrated on.

    Raises
    ------
    ValueError
        If the two name other classes, or shares do not sum to 1.
    """

    shares: dict[str, _Positive]
    calibrated: dict[str, _Positive]

    @model_validator(mode="after")
    def _two_mixes(self) -> "Prior":
        if set(self.shares) != set(self.calibrated):
            raise ValueError("the two class mixes do not name the same classes")
        for mix in (self.shares, self.calibrated):
            if not math.isclose(sum(mix.values()), 1, abs_tol=_ROUNDING):
                raise ValueError("the shares of a class mix do not sum to 1")
        return self


class ProbabilityFigures(_Part):
    """How far probabilities can be taken at their word.

    Attributes
    ----------
    loss
        Mean of minus the natural logarithm of the true class's probability, in nats.
    brier
        Mean squared distance to the truth, summed over the classes, in [0, 2].
    ece
        Expected calibration error over 15 bins of equally many slices, in [0, 1].
    ece_floor
        The error that perfectly calibrated probabilities would show on as many slices.
    """

    loss: float
    brier: float
    ece: float
    ece_floor: float


class SetFigures(_Part):
    """What prediction sets did on patients that they were not made from.

    Attributes
    ----------
    coverage
        Class id → share of the class's slices whose set holds it, each patient counted alike; None
        where the class has no slice.
    mean_size
        Classes in a set, on average.
    single
        Share of sets of one class.
    """

    coverage: dict[str, float | None]
    mean_size: float
    single: float


class ErrorBound(_Part):
    """What the data can say of the error at the bundle's own threshold.

    Attributes
    ----------
    threshold
        The bundle's confidence threshold, in [0, 1].
    n_answered
        Patients with at least one answered slice.
    n_wrong
        Those of them with at least one wrong answer.
    level
        Confidence level, in (0, 1).
    at_most
        Upper bound of the share of wrong among such patients (exact, Clopper and Pearson 1934).
    """

    threshold: float
    n_answered: int
    n_wrong: int
    level: float
    at_most: float


class Calibration(_Part):
    """What temperature, prediction sets and thresholds were fitted on, and what that did.

    Attributes
    ----------
    source
        ``own``: answers of this network. ``out-of-fold``: answers of networks trained in the same
        way, each on patients that it was not trained on.
    split, protocol
        Which slices, and how they were set apart from the training.
    n_slices, n_patients
        What was fitted on; ``n_patients`` is None where a slice's patient is unknown.
    class_mix
        Class id → share of the class, each patient counted alike: the mix that the probabilities
        hold for.
    before, after
        Figures of the probabilities; ``after`` measured on patients not used for the temperature.
    sets
        What the prediction sets did on patients not used for them.
    error_bound
        What can be said of the error at the bundle's own threshold.
    """

    source: Literal["own", "out-of-fold"]
    split: str
    protocol: str
    n_slices: int
    n_patients: int | None = None
    class_mix: dict[str, float]
    before: ProbabilityFigures
    after: ProbabilityFigures
    sets: SetFigures | None = None
    error_bound: ErrorBound | None = None
