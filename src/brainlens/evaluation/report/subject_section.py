"""What was evaluated: the model, the data, and how the one was kept from the other."""

from brainlens.bundle.card_figures import PROTOCOLS
from brainlens.bundle.schema import BundleInfo
from brainlens.evaluation.report.figure_sections import of
from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.section import facts, section
from brainlens.evaluation.report.wording import counted
from brainlens.html.element import Html, Part, element


def subject(findings: Findings) -> Html:
    """Return model, data, protocol, split check and what the model was trained on."""
    evaluation = findings.evaluation
    rows: list[tuple[str, Part]] = [
        ("Model", evaluation.model),
        ("Decision hash", element("span", evaluation.decision_sha256, class_="path")),
        ("Evaluated on", f"{evaluation.split}: {of(evaluation.all)}"),
        ("Protocol", _protocol(evaluation.protocol)),
        *_data(findings),
        ("Seen in training", evaluation.seen_sentence),
    ]
    if findings.bundle is not None:
        rows += _training(findings.bundle.info)
    return section("What was evaluated", facts(rows))


def _protocol(protocol: str) -> str:
    return f"{protocol}: {PROTOCOLS[protocol]}" if protocol in PROTOCOLS else protocol


def _data(findings: Findings) -> list[tuple[str, Part]]:
    rows: list[tuple[str, Part]] = []
    manifest = findings.manifest
    if manifest is not None:
        rows.append(("Data", manifest.info.title or manifest.root.name))
        rows.append(("Licence of the data", manifest.info.licence or "not stated"))
    fingerprint = findings.fingerprint or "not known: the manifest holds no hashes of pixels"
    rows.append(("Data fingerprint", element("span", fingerprint, class_="path")))
    check = findings.split_check
    said = "not checked: there is no split, or the manifest holds no hashes"
    rows.append(("Split check", said if check is None else check.sentence))
    return rows


def _training(info: BundleInfo) -> list[tuple[str, Part]]:
    training = info.training
    if training.elsewhere:
        return [
            ("Trained on", f"trained elsewhere: {training.data_title or 'data not named'}"),
            ("Split check at training", "not known"),
            *_use(info),
        ]
    patients = "patients not named"
    if training.n_patients is not None:
        patients = counted(training.n_patients, "patient")
    return [
        (
            "Trained on",
            f"{counted(training.n_slices or 0, 'slice')}, {patients}: "
            f"{training.data_title or 'data not named'}",
        ),
        ("Split check at training", training.split_check),
        (
            "Network",
            f"{info.network.name}, preset {training.preset}, "
            f"{counted(training.epochs or 0, 'epoch')}, seed {training.seed}",
        ),
        *_use(info),
    ]


def _use(info: BundleInfo) -> list[tuple[str, Part]]:
    return [
        (
            "Image as the network sees it",
            f"{info.preprocess.size} × {info.preprocess.size} pixels, padded to a square",
        ),
        ("Answers from", f"{100 * info.thresholds.confidence:g} % confidence; abstains below"),
    ]
