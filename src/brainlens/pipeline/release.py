"""From original data to a bundle that ships, in one call."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.bundle.revise import revise
from brainlens.bundle.schema import Metric, Thresholds
from brainlens.datasets.manifest import Manifest
from brainlens.errors import UsageError
from brainlens.evaluation.curves import measured_curves
from brainlens.evaluation.evaluate import evaluate
from brainlens.evaluation.evaluation import Evaluation
from brainlens.files import new_folder, write_json
from brainlens.pipeline.calibrate import calibrate
from brainlens.pipeline.gates import give_gates
from brainlens.pipeline.recipe import RECIPES, Recipe
from brainlens.pipeline.trial import Say, trial
from brainlens.training.export import export

#: What the finished bundle is measured on: patients that no weight, temperature or limit has seen.
SPLIT = "test"

#: Folder of the bundle with gates, not yet carrying its figures.
GATED = "gated"

#: Its evaluation, in the work folder.
EVALUATION = "evaluation.json"


def release(
    name: str,
    data: Path | None,
    work: Path,
    out: Path,
    *,
    weights: Path | None = None,
    pooled: Sequence[Metric] = (),
    say: Say,
) -> Bundle:
    """Make a bundle that ships: train, export, calibrate, fit gates, evaluate, write the card.

    A release that was killed goes on where it was when called again with the same folders.

    Parameters
    ----------
    name
        One of `RECIPES`.
    data
        Folder of the original data, where the recipe needs any.
    work
        Folder for manifest, run, bundles and ``evaluation.json``; kept.
    out
        Where the finished bundle goes; one that is there is replaced.
    weights
        A bundle that this recipe made: its weights are exported, calibrated, given gates and
        measured anew, without training.
    pooled
        Figures of other networks of the same recipe, for the card beside the bundle's own.
    say
        Told what happens, for people.

    Returns
    -------
    Bundle
        The finished bundle, loaded from ``out`` and verified.

    Raises
    ------
    UsageError
        If there is no such recipe, or the data it needs are not named.
    """
    if name not in RECIPES:
        raise UsageError(f"No recipe is called {name!r}.", hint=f"Choose: {', '.join(RECIPES)}.")
    recipe = RECIPES[name]
    say("Preparing the data")
    table = recipe.prepare(data, work / "data")
    if weights is None:
        exported = trial(
            recipe.configure(table),
            work,
            name=name,
            version=recipe.version,
            half=recipe.half,
            say=say,
        ).bundle
    else:
        exported = _again(weights, _empty(work / "exported"), name, recipe)
    gated, evaluation = _finish(exported, Manifest.load(table), recipe.calibrate, work, say)
    write_json(work / EVALUATION, evaluation.to_dict())
    finished = _empty(work / "finished")
    curves = measured_curves(evaluation, data=exported.info.training.data_title)
    revise(gated, finished, metrics=(*evaluation.metrics, *pooled), curves=(curves,))
    with new_folder(out, replace=True) as building:
        shutil.copytree(finished, building, dirs_exist_ok=True)
    return load_bundle(out)


def _again(weights: Path, out: Path, name: str, recipe: Recipe) -> Bundle:
    """Export the weights of a bundle, without what was fitted to its answers."""
    bare = revise(
        load_bundle(weights),
        _empty(out.with_name("bare")),
        temperature=1.0,
        prior=None,
        calibration=None,
        thresholds=Thresholds(),
        gates=(),
    )
    return export(bare.path, out, name=name, version=recipe.version, half=recipe.half)


def _finish(
    bundle: Bundle, manifest: Manifest, calibrated: bool, work: Path, say: Say
) -> tuple[Bundle, Evaluation]:
    """Return the bundle with gates, calibrated where that is wanted, and its evaluation."""
    if calibrated:
        say("Calibrating on the validation patients")
        bundle = calibrate(bundle, manifest, _empty(work / "calibrated")).bundle
    say("Fitting gates")
    gated = give_gates(bundle, manifest, _empty(work / GATED)).bundle
    say(f"Evaluating on {SPLIT}")
    return gated, evaluate(gated, manifest, split=SPLIT)


def _empty(folder: Path) -> Path:
    """Return a folder that is not there: what a release before left in its place is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder
