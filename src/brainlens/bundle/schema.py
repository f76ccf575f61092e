"""``bundle.json``: everything about a bundle that is not weights."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from brainlens.bundle.calibration import Calibration, PredictionSets, Prior
from brainlens.bundle.curves import Curves
from brainlens.bundle.gate_check import GateCheck
from brainlens.classes import ClassInfo
from brainlens.files import canonical_json, sha256_bytes
from brainlens.imaging.spec import PreprocessSpec

SCHEMA = 1
GRAPH = "model.onnx"
WEIGHTS = "weights.safetensors"
GATES = "gate.safetensors"
CARD = "README.md"
NOTICE = "NOTICE"
DESCRIPTION = "bundle.json"
REQUIRED = (GRAPH, CARD, NOTICE)
OPTIONAL = (WEIGHTS, GATES)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TargetError(_Part):
    """A threshold chosen to keep the error among the answered below a bound.

    Attributes
    ----------
    error
        Wanted largest error among the answered, in (0, 1).
    level
        Confidence level of the bound, in (0, 1).
    threshold
        The threshold found, or None where the data cannot carry the bound.
    """

    error: float = Field(gt=0, lt=1)
    level: float = Field(gt=0, lt=1)
    threshold: float | None = Field(default=None, ge=0, le=1)


class Thresholds(_Part):
    """What decides between answered and abstained, and which classes cannot be ruled out."""

    confidence: float = Field(default=0.7, ge=0, le=1)
    target_error: TargetError | None = None
    prediction_sets: PredictionSets | None = None


class Metric(_Part):
    """One measured figure and all that is needed to believe it.

    Attributes
    ----------
    name
        For instance ``accuracy``, ``sensitivity``, ``confident_correct``.
    value
        The figure; a share in [0, 1] unless the name says otherwise. None where it is undefined.
    interval
        95 % interval, or None where none was computed.
    class_id
        The class it is about, or None for all.
    split
        ``train``, ``val`` or ``test``.
    protocol
        How the data were split: ``official``, ``grouped``, ``random``, ``given``.
    n_slices, n_patients
        What it was measured on; ``n_patients`` is None where patients are unknown.
    decision_sha256
        The decision hash of the file that was measured.
    level
        What was counted: slices, or patients whose slices were combined into one answer.
    subgroup
        The part of the slices that it is about, in words; None for all of them.
    """

    name: str
    value: float | None
    interval: tuple[float, float] | None = None
    class_id: str | None = None
    split: str
    protocol: str
    n_slices: int
    n_patients: int | None = None
    decision_sha256: str | None = None
    level: Literal["slice", "patient"] = "slice"
    subgroup: str | None = None


class Network(_Part):
    """Which network the weights are of, so that a re-export needs no training."""

    name: str
    options: dict[str, int | float | str | bool | list[int]] = {}


class StartWeights(_Part):
    """Weights that training started from, where they were not random.

    Attributes
    ----------
    title, licence, attribution
        What they are, whose they are; an empty licence is unknown.
    sha256
        Of their file, or empty.
    """

    title: str
    licence: str = ""
    attribution: str = ""
    sha256: str = ""


class Training(_Part):
    """Where the weights come from.

    Attributes
    ----------
    data_sha256
        Fingerprint of the training slices: hash of their sorted pixel hashes; empty where they are
        not known.
    n_slices, seed, epochs
        None where the network was trained elsewhere.
    split_check
        ``clean``, ``group-ambiguous`` or ``leaky``; ``unknown`` where the network was trained
        elsewhere, on images that BrainLens has no list of.
    start
        None where training started from random weights, or elsewhere.
    """

    data_title: str = ""
    data_licence: str = ""
    data_attribution: str = ""
    data_sha256: str
    synthetic: bool
    n_slices: int | None
    n_patients: int | None = None
    split_check: Literal["clean", "group-ambiguous", "leaky", "unknown"]
    protocol: str
    seed: int | None
    preset: str
    epochs: int | None
    start: StartWeights | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether the network was trained elsewhere: then hardly anything of it can be checked."""
        return self.split_check == "unknown"


class Seen(_Part):
    """Perceptual hashes of the training slices: lets a bundle say what it was trained on."""

    algorithm: Literal["dct64"] = "dct64"
    max_distance: int = Field(ge=0, le=16)
    hashes: tuple[Annotated[str, Field(pattern="^[0-9a-f]{16}$")], ...]


class BundleInfo(_Part):
    """The content of ``bundle.json``.

    Attributes
    ----------
    temperature
        Logits are divided by it before the softmax; 1.0 until fitted.
    prior
        The class mix that the probabilities are turned to; None: that of the calibration.
    calibration
        What was fitted on and what that did; None until calibrated.
    gates
        Gates that can abstain or reject; empty until fitted.
    gate_checks
        What the gates did with sets of images; empty until measured.
    metrics
        Figures of this very file.
    risk_coverage
        Rows of (threshold, answer rate, error among the answered); empty until measured.
    curves
        Risk by threshold, reliability and confusion of this very file, one entry a set of slices;
        empty until measured.
    must_know
        Sentences for the card's first lines: what tests found that every reader must know, for
        instance what the model says of a tumour of a kind that it was not trained on.
    files
        SHA-256 of every other file of the bundle.
    decision_sha256
        Hash of graph, preprocess, classes, temperature, prior, thresholds and gates: what decides
        an answer. See `decision_hash`.
    description_sha256
        Canonical hash of all of ``bundle.json`` but this field, so that a damaged figure is found
        as surely as a damaged weight.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema", serialization_alias="schema")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    version: str
    classes: tuple[ClassInfo, ...] = Field(min_length=2)
    network: Network
    preprocess: PreprocessSpec
    half_precision: bool = False
    temperature: float = Field(default=1.0, gt=0)
    prior: Prior | None = None
    calibration: Calibration | None = None
    thresholds: Thresholds = Thresholds()
    gates: tuple[dict[str, float | int | str], ...] = ()
    gate_checks: tuple[GateCheck, ...] = ()
    metrics: tuple[Metric, ...] = ()
    risk_coverage: tuple[dict[str, float], ...] = ()
    curves: tuple[Curves, ...] = ()
    must_know: tuple[str, ...] = ()
    training: Training
    seen: Seen | None = None
    files: dict[str, str] = {}
    decision_sha256: str = ""
    description_sha256: str = ""

    @model_validator(mode="after")
    def _distinct_classes(self) -> "BundleInfo":
        names = [n for c in self.classes for n in (c.id, *c.aliases)]
        if len(set(names)) != len(names):
            raise ValueError("two classes share an id or an alias")
        return self

    @model_validator(mode="after")
    def _classes_of_calibration(self) -> "BundleInfo":
        ids = {c.id for c in self.classes}
        sets = self.thresholds.prediction_sets
        named = (sets and sets.least, self.prior and self.prior.shares)
        if any(given is not None and set(given) != ids for given in named):
            raise ValueError("prediction sets or prior name other classes than the bundle's")
        return self

    @property
    def graph_holds_weights(self) -> bool:
        """Whether the graph is all there is, or all that is needed, of the network's weights.

        Of a network trained elsewhere there is no more; in half precision the graph holds every
        weight as it is, and a second copy would double the bundle.
        """
        return self.training.elsewhere or self.half_precision

    def decision_hash(self) -> str:
        """Return the hash of what decides an answer; needs the graph's hash in ``files``."""
        decides = self.model_dump(
            mode="json", include={"preprocess", "classes", "temperature", "thresholds", "gates"}
        )
        # Left out where there are none, so that bundles from before keep their hash.
        if self.thresholds.prediction_sets is None:
            del decides["thresholds"]["prediction_sets"]
        if self.prior is not None:
            decides["prior"] = self.prior.model_dump(mode="json")
        decides["graph"] = self.files[GRAPH]
        if GATES in self.files:
            decides["gate_statistics"] = self.files[GATES]
        return sha256_bytes(canonical_json(decides))
