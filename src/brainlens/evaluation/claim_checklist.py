"""A reporting checklist for a bundle, filled in from what is on record, and honest about the rest.

The topics are those of CLAIM (Mongan, Moy and Kahn, 2020; 42 items) in our own words and under its
numbers; its update of 2024 asks for the same topics under other numbers. Added are what TRIPOD+AI
(Collins et al., 2024) asks for beyond that.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal

from brainlens.bundle.markdown import one_line, table
from brainlens.bundle.schema import BundleInfo, Metric

Met = Literal["yes", "partly", "no", "not applicable"]

#: What may have been measured beside the figures that a bundle carries.
MEASUREMENTS: Final = (
    "crossval",
    "looking",
    "robustness",
    "shortcuts",
    "unknown",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the checklist is filled in from.

    Attributes
    ----------
    info
        The bundle's description.
    measured
        Which of `MEASUREMENTS` are on record.
    """

    info: BundleInfo
    measured: frozenset[str]

    @property
    def own(self) -> list[Metric]:
        """Figures of this very file."""
        decision = self.info.decision_sha256
        return [m for m in self.info.metrics if m.decision_sha256 == decision]

    @property
    def tested(self) -> list[Metric]:
        """Those of the test set."""
        return [m for m in self.own if m.split == "test"]


@dataclass(frozen=True, slots=True)
class Item:
    """One topic: ``number`` as the guideline counts, ``said`` where it stands or what lacks."""

    number: str
    topic: str
    met: Met
    said: str


_Filled = tuple[Met, str]
_Fill = Callable[[Facts], _Filled]


def checklist(info: BundleInfo, measured: Collection[str] = ()) -> tuple[Item, ...]:
    """Return every item with whether it is met.

    Parameters
    ----------
    info
        The bundle's description.
    measured
        Which of `MEASUREMENTS` are on record.

    Raises
    ------
    ValueError
        If ``measured`` names something else.
    """
    unknown = sorted(set(measured) - set(MEASUREMENTS))
    if unknown:
        raise ValueError(f"nothing is called {', '.join(unknown)}")
    facts = Facts(info, frozenset(measured))
    items = []
    for number, topic, filled in _ITEMS:
        met, said = filled(facts) if callable(filled) else filled
        items.append(Item(number, topic, met, said))
    return tuple(items)


def claim_checklist(info: BundleInfo, measured: Collection[str] = ()) -> str:
    """Return the checklist as a Markdown page; see `checklist`."""
    items = checklist(info, measured)
    counts = {met: sum(item.met == met for item in items) for met in ("yes", "partly", "no")}
    listed = ", ".join(name for name in MEASUREMENTS if name in measured) or "nothing"
    parts = (
        f"# Reporting checklist of model {info.name} {one_line(info.version)}",
        f"Decision hash `{info.decision_sha256}`. Measured beside the bundle's own figures: "
        f"{listed}.",
        _PREFACE,
        f"Met: {counts['yes']}. Partly: {counts['partly']}. Not met: {counts['no']}.",
        table(
            ("item", "topic", "met", "where it is told, or what is missing"),
            [(item.number, item.topic, item.met, item.said) for item in items],
        ),
    )
    return "\n\n".join(parts) + "\n"


def _partition(facts: Facts) -> _Filled:
    training = facts.info.training
    if training.elsewhere:
        return "no", _ELSEWHERE
    said = f"Protocol {training.protocol}, split check {training.split_check} (model card)."
    if training.protocol == "random":
        return "no", said + " A random split mixes slices of one patient."
    return "yes", said


def _start(facts: Facts) -> _Filled:
    training = facts.info.training
    if training.elsewhere:
        return "no", _ELSEWHERE
    if training.start is None:
        return "yes", "Random; the seed is in the model card."
    return "yes", f"{one_line(training.start.title)} (NOTICE), the rest random (model card)."


def _disjoint(facts: Facts) -> _Filled:
    check = facts.info.training.split_check
    if check == "clean":
        return "yes", "By patient and by group; copies are searched for (docs/audit.md)."
    if check == "group-ambiguous":
        return "partly", "By patient; some groups that may be one patient are on two sides."
    if check == "unknown":
        return "no", _ELSEWHERE
    return "no", "Patients or copies are on both sides."


def _metrics(facts: Facts) -> _Filled:
    if not facts.tested:
        return "no", "The bundle carries no figures of a test set."
    return "yes", "docs/evaluation.md explains each; the bundle and metrics.json hold them."


def _uncertainty(facts: Facts) -> _Filled:
    intervals = any(m.interval is not None for m in facts.tested)
    if not intervals:
        return "no", "No figure of a test set has an interval."
    return "yes", "95 % intervals by drawing whole patients (docs/evaluation.md)."


def _robustness(facts: Facts) -> _Filled:
    found = sorted(facts.measured & {"robustness", "shortcuts", "unknown"})
    if len(found) == 3:
        return "yes", "Perturbed images, shortcut tests, classes left out of the training."
    if found:
        return "partly", f"Measured: {', '.join(found)}; the others can be, and were not."
    return "no", "The software can measure it; for this model nobody has."


def _explained(facts: Facts) -> _Filled:
    if "looking" in facts.measured:
        return "yes", "Heat maps are held against outlines of the lesion, with controls."
    return "partly", "Heat maps are shown; whether they lie on the lesion was not measured."


def _sample_size(facts: Facts) -> _Filled:
    patients = {m.n_patients for m in facts.tested if m.n_patients is not None}
    n = f"{max(patients)} patients in the test set" if patients else "patients unknown"
    return "no", f"No size was planned: the data are what was public ({n})."


def _performance(facts: Facts) -> _Filled:
    if not facts.tested:
        return "no", "Nothing was measured on a test set."
    if any(m.level == "patient" for m in facts.tested):
        return "yes", "Model card, by slice and by patient, each with its interval."
    return "partly", "Model card, by slice; by patient only in reports."


def _tuned(facts: Facts) -> _Filled:
    said = "The epoch is chosen on validation patients; the recipe was chosen by hand before."
    if "crossval" in facts.measured:
        return "yes", said + " All folds are reported."
    return "partly", said + " One fold only."


def _calibrated(facts: Facts) -> _Filled:
    if facts.info.calibration is None:
        return "no", "The confidence was not fitted; the report still shows how well it fits."
    return "yes", "Model card: before and after, on patients not used for the fit."


def _data(facts: Facts) -> _Filled:
    training = facts.info.training
    if training.synthetic:
        return "not applicable", "Drawn by computer; no patient."
    return "yes", f"{one_line(training.data_title) or 'Not named'}; attribution in NOTICE."


def _public(facts: Facts) -> _Filled:
    if facts.info.training.data_licence in ("", "unverified"):
        return "partly", "Code and weights are public; the licence of the data is not verified."
    return "yes", "Code (MIT), weights, recipe and fetchers of the data are public."


def _outside(facts: Facts) -> _Filled:
    return "no", "No set of another hospital, scanner or country was used for testing."


_ELSEWHERE: Final = "Not known: the model was trained elsewhere."
_PREFACE: Final = (
    "This page is made by `scripts/claim_checklist.py` from what is on record; edit the program, "
    "not the page. Topics and numbers follow CLAIM (Mongan, Moy and Kahn, Radiology: Artificial "
    "Intelligence 2020) in our own words; the last rows add what TRIPOD+AI (Collins et al., BMJ "
    "2024) asks for beyond that. BrainLens is software with a model that serves as an example, "
    "and no clinical study: much that such a study has to report does not exist here, and stands "
    "as not met."
)

_DATA_OWN: Final[_Filled] = ("partly", "As far as the data's authors tell; see their description.")
_NOT_TOLD: Final[_Filled] = ("no", "The public data do not tell it.")

_ITEMS: Final[tuple[tuple[str, str, _Filled | _Fill], ...]] = (
    ("CLAIM 1", "Title names the kind of AI", ("yes", "README, model card.")),
    ("CLAIM 2", "Structured summary", ("yes", "README; each report begins with three sentences.")),
    ("CLAIM 3", "Background and intended role", ("partly", "Intended use is stated; no review of "
     "the clinical need.")),
    ("CLAIM 4", "Aims and hypotheses", ("partly", "Aims are stated, hypotheses are not.")),
    ("CLAIM 5", "Prospective or retrospective", ("yes", "Retrospective, on public data.")),
    ("CLAIM 6", "Goal of the study", ("yes", "An example model for research and teaching.")),
    ("CLAIM 7", "Sources of the data", _data),
    ("CLAIM 8", "Who was included and excluded", _DATA_OWN),
    ("CLAIM 9", "Preprocessing", ("yes", "One definition for training, tests and service, in the "
     "bundle.")),
    ("CLAIM 10", "Selection of subsets", ("yes", "All slices are used; slices were picked by the "
     "data's authors because they show a tumour.")),
    ("CLAIM 11", "Definition of data elements", ("yes", "docs/manifest.md, docs/contracts.md.")),
    ("CLAIM 12", "De-identification", ("partly", "By the data's authors; no pseudonym goes into a "
     "log.")),
    ("CLAIM 13", "Missing data", ("yes", "Unreadable and unlabelled slices are counted in every "
     "report and are in no figure.")),
    ("CLAIM 14", "Definition of the reference standard", _DATA_OWN),
    ("CLAIM 15", "Why that reference standard", _NOT_TOLD),
    ("CLAIM 16", "Who annotated, and how qualified", _DATA_OWN),
    ("CLAIM 17", "Annotation tools", _NOT_TOLD),
    ("CLAIM 18", "Agreement between annotators", _NOT_TOLD),
    ("CLAIM 19", "Sample size and how it was set", _sample_size),
    ("CLAIM 20", "How data were split", _partition),
    ("CLAIM 21", "Level at which the parts are disjoint", _disjoint),
    ("CLAIM 22", "The model in detail", ("yes", "Source, graph and weights are in the bundle.")),
    ("CLAIM 23", "Software with versions", ("yes", "requirements/dev.lock.")),
    ("CLAIM 24", "Starting weights", _start),
    ("CLAIM 25", "Training in detail", ("yes", "Recipe, config.json, history.json, seed.")),
    ("CLAIM 26", "How the final model was chosen", _tuned),
    ("CLAIM 27", "Ensembles", ("not applicable", "One network answers.")),
    ("CLAIM 28", "Metrics", _metrics),
    ("CLAIM 29", "Uncertainty and significance", _uncertainty),
    ("CLAIM 30", "Robustness", _robustness),
    ("CLAIM 31", "Explanation, and whether it was checked", _explained),
    ("CLAIM 32", "Test on data from elsewhere", _outside),
    ("CLAIM 33", "Flow of patients", ("partly", "Counts by split and class; no diagram.")),
    ("CLAIM 34", "Age, sex and disease of each part", _NOT_TOLD),
    ("CLAIM 35", "Performance on all parts", _performance),
    ("CLAIM 36", "Accuracy with its precision", _uncertainty),
    ("CLAIM 37", "Analysis of failures", ("partly", "Each report shows the twenty worst errors; no "
     "radiologist has commented on them.")),
    ("CLAIM 38", "Limitations", ("yes", "Model card, and the end of each report.")),
    ("CLAIM 39", "Implications for practice", ("yes", "None: it is not a medical device.")),
    ("CLAIM 40", "Registration", ("no", "No study was registered.")),
    ("CLAIM 41", "Full protocol", ("partly", "The code is the protocol; it was not fixed before.")),
    ("CLAIM 42", "Funding", ("no", "Not stated.")),
    ("TRIPOD+AI 3c, 14", "Health inequalities and fairness", ("no", "Age, sex, origin and scanner "
     "are not known, so no group can be looked at apart.")),
    ("TRIPOD+AI 12", "Calibration", _calibrated),
    ("TRIPOD+AI 13", "Class imbalance", ("yes", "Balanced accuracy and figures by class; the class "
     "mix that confidences hold for is stated.")),
    ("TRIPOD+AI 17", "Ethical approval", ("no", "Of the data's collection: not told by its "
     "description.")),
    ("TRIPOD+AI 18", "Open data, code and model", _public),
    ("TRIPOD+AI 19", "Patients and public involved", ("no", "None were.")),
    ("TRIPOD+AI 23b", "Differences between centres", _outside),
    ("TRIPOD+AI 27", "Poor or missing input, and the user's part", ("yes", "What cannot be read is "
     "refused with a reason; below its threshold the model abstains.")),
)  # fmt: skip
