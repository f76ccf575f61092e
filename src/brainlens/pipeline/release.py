"""From original data to a bundle that ships, in one call."""

import shutil
from pathlib import Path

from brainlens.bundle.load import Bundle, load_bundle
from brainlens.bundle.revise import revise
from brainlens.errors import UsageError
from brainlens.files import new_folder
from brainlens.pipeline.recipe import RECIPES
from brainlens.pipeline.trial import Say, trial


def release(name: str, data: Path | None, work: Path, out: Path, *, say: Say) -> Bundle:
    """Make a bundle that ships: prepare data, train, export, evaluate, write the card.

    A release that was killed goes on where it was when called again with the same folders.

    Parameters
    ----------
    name
        One of `RECIPES`.
    data
        Folder of the original data, where the recipe needs any.
    work
        Folder for manifest, run, bundle and ``metrics.json``; kept.
    out
        Where the finished bundle goes; one that is there is replaced.
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
    config = recipe.configure(recipe.prepare(data, work / "data"))
    result = trial(config, work, name=name, version=recipe.version, say=say)
    figures = [m for split in ("test", "val") for m in result.evaluations[split].metrics]
    finished = work / "finished"
    shutil.rmtree(finished, ignore_errors=True)
    revise(result.bundle, finished, metrics=figures)
    with new_folder(out, replace=True) as building:
        shutil.copytree(finished, building, dirs_exist_ok=True)
    return load_bundle(out)
