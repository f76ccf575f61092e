"""The model card and the notice, made from the description alone."""

from brainlens.bundle.card_figures import PROTOCOLS, figures
from brainlens.bundle.card_front import front_matter
from brainlens.bundle.card_gates import gates
from brainlens.bundle.card_limits import failure_modes, intended_use
from brainlens.bundle.cautions import cautions
from brainlens.bundle.markdown import bullets, one_line, table
from brainlens.bundle.schema import WEIGHTS, BundleInfo, StartWeights
from brainlens.words import AID, INTENDED_INPUT, NOT_A_DEVICE

_SPLIT_CHECK = {
    "clean": "no patient, group or copy of an image is on both sides of the split.",
    "group-ambiguous": (
        "no patient and no copy of an image is on both sides of the split, but a group of slices "
        "that may belong to one patient is."
    ),
    "leaky": "a patient or a copy of an image is on both sides of the split.",
}
_NOT_EVALUATED = (
    "Grade, lesions other than the classes above, treated brains and children.",
    "Scanners, field strengths and hospitals other than those of the data above.",
)
_NAMES_ANYTHING = (
    "Slices without a lesion, other sequences, and images that are not brain MR: the model names "
    "one of its classes for any image, unless its confidence is below the threshold."
)
_GATES_MISS = (
    "Slices without a lesion, other sequences, and images that are not brain MR, beyond the sets "
    "above: gates hold back most of what looks unlike the training slices, and do not see that a "
    "lesion is missing."
)


def card(info: BundleInfo) -> str:
    """Return the model card in Markdown."""
    sections = (
        front_matter(info),
        _head(info),
        intended_use(info),
        _input(info),
        _classes(info),
        _training(info),
        _decision(info),
        figures(info),
        gates(info),
        _calibration(info),
        _risk(info),
        failure_modes(info),
        "## Not evaluated\n\n" + bullets(_not_evaluated(info)),
        _files(info),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def notice(info: BundleInfo) -> str:
    """Return the notice: whose data the weights were made from, under which licence."""
    training = info.training
    made = "trained elsewhere, made a bundle" if training.elsewhere else "made"
    lines = [f"Model {info.name} {info.version}, {made} with BrainLens."]
    if training.synthetic:
        lines.append("Trained on synthetic images; no image of a person was used.")
    if training.data_title:
        lines.append(f"Training data: {training.data_title}")
    if training.data_attribution:
        lines.append(f"Attribution: {training.data_attribution}")
    if training.data_licence:
        lines.append(f"Licence of the data: {training.data_licence}")
    if training.start is not None:
        lines.append(f"Starting weights: {_start(training.start)}")
    return "\n".join(one_line(line) for line in lines) + "\n"


def _start(start: StartWeights) -> str:
    parts = [start.title, start.attribution, f"licence: {start.licence or 'not stated'}"]
    parts += [f"SHA-256 {start.sha256}"] if start.sha256 else []
    return "; ".join(part for part in parts if part)


def _head(info: BundleInfo) -> str:
    mark = " (SYNTHETIC)" if info.training.synthetic else ""
    title = f"# Model {info.name} {one_line(info.version)}{mark}"
    words = [f"**{one_line(sentence)}**" for sentence in (*cautions(info), *info.must_know)]
    return "\n\n".join([title, AID, NOT_A_DEVICE, *words])


def _input(info: BundleInfo) -> str:
    if info.training.synthetic:
        return "## Intended input\n\nOne slice drawn by `brainlens data phantom`; nothing else."
    return f"## Intended input\n\n{INTENDED_INPUT}"


def _classes(info: BundleInfo) -> str:
    rows = [
        (
            f"`{c.id}`",
            c.display_name.get("en", c.id),
            c.display_name.get("fr", ""),
            ", ".join(f"`{alias}`" for alias in c.aliases),
            c.role.replace("_", " "),
        )
        for c in info.classes
    ]
    return "## Classes\n\n" + table(("id", "English", "French", "also known as", "role"), rows)


def _training(info: BundleInfo) -> str:
    training = info.training
    if training.elsewhere:
        return _elsewhere(info)
    patients = "unknown" if training.n_patients is None else str(training.n_patients)
    lines = [
        f"Data: {training.data_title or 'not named'}"
        + (" (synthetic)" if training.synthetic else ""),
        f"Licence: {training.data_licence or 'not stated'}",
        f"Attribution: {training.data_attribution or 'not stated'}",
        f"Slices: {training.n_slices}; patients: {patients}",
        f"Split check: {training.split_check}: {_SPLIT_CHECK[training.split_check]}",
        f"Protocol: {_protocol(training.protocol)}",
        f"Network: {info.network.name}; preset {training.preset}, {training.epochs} epochs, "
        f"seed {training.seed}",
        *([f"Starting weights: {_start(training.start)}"] if training.start else []),
        f"Fingerprint of the training slices: `{training.data_sha256}`",
        "Hashes of the training slices are in `bundle.json`, so that the model can say which "
        "images it has seen."
        if info.seen is not None
        else "Hashes of the training slices were left out: the model cannot say which images it "
        "has seen.",
    ]
    return "## Training\n\n" + bullets(lines)


def _elsewhere(info: BundleInfo) -> str:
    training = info.training
    lines = [
        f"Data, in the words of whoever made this bundle: {one_line(training.data_title)}",
        f"Licence: {one_line(training.data_licence)}",
        f"Attribution: {one_line(training.data_attribution) or 'not stated'}",
        "Trained elsewhere. Which slices, of how many patients, whether patients were kept whole "
        "and how it was trained is not known here; nor can the model say which images it has seen.",
        *(f"{name.replace('_', ' ')}: {value}" for name, value in info.network.options.items()),
    ]
    return "## Training\n\n" + bullets(lines)


def _protocol(protocol: str) -> str:
    return f"{protocol}: {PROTOCOLS[protocol]}." if protocol in PROTOCOLS else protocol


def _decision(info: BundleInfo) -> str:
    condition = " and no gate objects; abstains or rejects else" if info.gates else ""
    lines = [
        f"Answers when the largest probability is at least {info.thresholds.confidence:g}"
        f"{condition or '; abstains below'}.",
        f"Temperature of the probabilities: {info.temperature:g}"
        + (" (not fitted)." if info.temperature == 1.0 else "."),
    ]
    target = info.thresholds.target_error
    if target is not None:
        found = "not reached on the data" if target.threshold is None else f"{target.threshold:g}"
        lines.append(
            f"Threshold for at most {target.error:g} error among the answered, at confidence "
            f"level {target.level:g}: {found}."
        )
    lines.append(f"Decision hash (what decides an answer): `{info.decision_sha256}`")
    return "## Decision\n\n" + bullets(lines)


def _calibration(info: BundleInfo) -> str:
    found = info.calibration
    if found is None:
        return ""
    patients = "patients unknown" if found.n_patients is None else f"{found.n_patients} patients"
    rows = [
        (when, f"{f.loss:.3f}", f"{f.brier:.3f}", f"{f.ece:.3f}", f"{f.ece_floor:.3f}")
        for when, f in (("before", found.before), ("after", found.after))
    ]
    words = (
        f"Fitted on {found.n_slices} slices, {patients} ({found.split}, protocol "
        f'{one_line(found.protocol)}, {found.source} answers); "after" is measured on patients '
        "not used for the fit. The last column is the calibration error that perfect confidences "
        "would show on as many slices."
    )
    head = ("", "loss", "Brier score", "calibration error", "of perfect confidences")
    parts = ["## Calibration", words, table(head, rows)]
    if found.error_bound is not None:
        bound = found.error_bound
        parts.append(
            f"Of patients with an answer at the threshold {bound.threshold:g}, at most "
            f"{100 * bound.at_most:.1f} % get a wrong one (at confidence level {bound.level:g}; "
            f"{bound.n_wrong} of {bound.n_answered} did)."
        )
    return "\n\n".join(parts)


def _risk(info: BundleInfo) -> str:
    if not info.risk_coverage:
        return ""
    columns = list(dict.fromkeys(key for row in info.risk_coverage for key in row))
    rows = [
        [f"{row[key]:.4g}" if key in row else "" for key in columns] for row in info.risk_coverage
    ]
    head = [key.replace("_", " ") for key in columns]
    return "## Error among the answered, by threshold\n\n" + table(head, rows)


def _not_evaluated(info: BundleInfo) -> tuple[str, ...]:
    if info.training.synthetic:
        return ("Any real image. Figures on phantoms say nothing about patients.",)
    return (*_NOT_EVALUATED, _GATES_MISS if info.gates else _NAMES_ANYTHING)


def _files(info: BundleInfo) -> str:
    precision = "half" if info.half_precision else "single"
    answers = f"`model.onnx` (weights in {precision} precision) answers"
    if info.training.elsewhere:
        answers = "`model.onnx` answers"
    again = f"`{WEIGHTS}` is the same network for a re-export; " if WEIGHTS in info.files else ""
    if info.half_precision and not again:
        again = "it holds all that a re-export needs; "
    return (
        f"## Files\n\n{answers}; {again}`bundle.json` describes the bundle and holds the hash of "
        "every file; `NOTICE` names the data's authors."
    )
