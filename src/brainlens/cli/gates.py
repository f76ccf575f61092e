"""``brainlens gates``: let a bundle abstain from what is unlike its training."""

from pathlib import Path
from typing import Annotated

import typer

from brainlens.cli.console import note, progress, say, say_disclaimer
from brainlens.cli.extra import needs
from brainlens.cli.verbs import examples

EXAMPLES = examples(
    "brainlens gates bundles/first --data runs/first/manifest.csv --out bundles/first-gated",
)


def gates(
    bundle: Annotated[
        str, typer.Argument(help="A bundle's folder or zip, or a shipped name.", metavar="BUNDLE")
    ],
    data: Annotated[
        Path,
        typer.Option(
            help="The data it was trained on, with splits: the manifest in the run's folder.",
            metavar="PATH",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the new bundle.", metavar="DIR")],
    rate: Annotated[
        float,
        typer.Option(
            min=0.001,
            max=0.5,
            help="Largest share of the calibration slices that gates may object to.",
        ),
    ] = 0.02,
    changed_too: Annotated[
        bool | None,
        typer.Option(
            "--changed-too/--as-they-are",
            help="Whether slices cut, in fewer pixels and stripped of their skull are taken for "
            "its own as well. Default: for bundles of the preset guided, which trains on such.",
        ),
    ] = None,
) -> None:
    """Fit gates on the split train, and their limits on the patients of the split val."""
    with needs("eval"):
        from brainlens.bundle import find, load_bundle
        from brainlens.datasets.open import open_dataset
        from brainlens.evaluation.gate_view import AS_THEY_ARE, CHANGED_TOO
        from brainlens.pipeline.gates import give_gates

    loaded = load_bundle(find(bundle))
    manifest = open_dataset(data)
    views = {None: None, True: CHANGED_TOO, False: AS_THEY_ARE}[changed_too]
    with progress("Measuring slices") as update:
        made = give_gates(loaded, manifest, out, rate=rate, views=views, progress=update)
    fit = made.fit
    say(
        f"Distances are measured by {' and '.join(made.depths)}. Gates object to {fit.objections} "
        f"of {fit.n_slices} calibration slices of {fit.n_groups} patients."
    )
    if made.views == CHANGED_TOO:
        say("Slices cut, in fewer pixels and stripped of their skull are taken for its own.")
    say(f"Decision hash: {made.bundle.info.decision_sha256}")
    say_disclaimer()
    note(f"Wrote the bundle {out}. Evaluate it anew: brainlens evaluate {out}.")
