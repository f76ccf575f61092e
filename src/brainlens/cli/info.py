"""``brainlens info``: what is installed, what ships, what a bundle holds."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Annotated, Any

import typer

from brainlens.cli.console import say, say_disclaimer, say_json, say_table
from brainlens.cli.verbs import examples

if TYPE_CHECKING:
    from brainlens.bundle import BundleInfo
    from brainlens.bundle.schema import Training

EXAMPLES = examples("brainlens info", "brainlens info default", "brainlens info --json")

# What answers and weights depend on; those of an extra may be missing.
_PACKAGES = ("brainlens", "numpy", "onnxruntime", "pillow", "fastapi", "scikit-learn", "torch")


def info(
    bundle: Annotated[
        str | None,
        typer.Argument(help="A bundle's folder or zip, or a shipped name.", metavar="[BUNDLE]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Tell versions and shipped bundles, or what one bundle holds."""
    from brainlens.bundle import find, load_bundle, shipped

    if bundle is not None:
        _say_bundle(load_bundle(find(bundle)).info, as_json)
        return
    versions = {"python": platform.python_version(), "platform": platform.platform()}
    versions |= {name: _version(name) for name in _PACKAGES}
    bundles = {name: load_bundle(path).info for name, path in shipped().items()}
    if as_json:
        listed = {
            name: {"version": b.version, "decision_sha256": b.decision_sha256}
            for name, b in bundles.items()
        }
        say_json({"versions": versions, "bundles": listed})
        return
    say_table("Versions", ("what", "version"), list(versions.items()))
    rows = [
        (name, b.version, ", ".join(c.id for c in b.classes), b.decision_sha256[:12])
        for name, b in bundles.items()
    ]
    say_table("Shipped bundles", ("name", "version", "classes", "decision"), rows)
    say_disclaimer()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _say_bundle(info: "BundleInfo", as_json: bool) -> None:
    from brainlens.bundle.cautions import cautions

    if as_json:
        say_json(info.model_dump(mode="json", by_alias=True))
        return
    for caution in cautions(info):
        say(caution, style="bold yellow")
    say_table(f"{info.name} {info.version}", ("what", "value"), _facts(info))
    figures = [
        (m.name, f"{m.level}s", m.split, m.protocol, _value(m.value), str(m.n_slices))
        for m in info.metrics
        if m.class_id is None and m.subgroup is None
    ]
    if figures:
        head = ("figure", "of", "split", "protocol", "value", "slices")
        say_table("Figures", head, figures)
    say_disclaimer()


def _value(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _facts(info: "BundleInfo") -> list[tuple[str, str]]:
    training = info.training
    classes = [f"{c.id} ({', '.join(c.aliases)})" if c.aliases else c.id for c in info.classes]
    facts: dict[str, Any] = {
        "classes (aliases)": ", ".join(classes),
        "network": info.network.name,
        "input": f"{info.preprocess.size} px, {info.preprocess.intensity}",
        "temperature": f"{info.temperature:g}",
        "threshold": f"{info.thresholds.confidence:g}",
        "trained on": _trained_on(training),
        "data": training.data_title or "not named",
        "licence of the data": training.data_licence or "not named",
        "split": "not known"
        if training.elsewhere
        else f"{training.protocol}, {training.split_check}",
        "recipe": "not known"
        if training.elsewhere
        else f"{training.preset}, {training.epochs} epochs, seed {training.seed}",
        "knows its training images": "no" if info.seen is None else f"{len(info.seen.hashes)}",
        "decision": info.decision_sha256,
    }
    return [(name, str(value)) for name, value in facts.items()]


def _trained_on(training: "Training") -> str:
    if training.elsewhere:
        return "not known: trained elsewhere"
    patients = "" if training.n_patients is None else f" of {training.n_patients} patients"
    return f"{training.n_slices} slices{patients}"
