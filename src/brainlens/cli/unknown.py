"""``brainlens unknown``: what a model says of classes it was never shown."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brainlens.cli.console import note, say, say_disclaimer, say_json, say_table
from brainlens.cli.extra import needs
from brainlens.cli.resumable import resumable
from brainlens.cli.small_run import (
    Accelerator,
    AsJson,
    BatchSize,
    Data,
    Epochs,
    Out,
    PrecisionOption,
    PresetOption,
    Seed,
    Size,
    Threads,
    ValFraction,
    interval_text,
    small_run,
)
from brainlens.cli.train import Precision, Preset
from brainlens.cli.verbs import examples
from brainlens.errors import UsageError

if TYPE_CHECKING:
    from brainlens.pipeline.unknown_result import UnknownResult

EXAMPLES = examples(
    "brainlens unknown --data manifest.csv --out tests/unknown",
    "brainlens unknown --data manifest.csv --out tests/unknown --bundle bundles/first "
    "--bundle-out bundles/first-told",
    "brainlens unknown --data slices --class meningioma --epochs 30 --size 128 --out tests/unknown",
)


def unknown(
    data: Data,
    out: Out,
    class_: Annotated[
        list[str] | None,
        typer.Option(
            "--class", help="Leave out this class only; may be repeated.", metavar="CLASS"
        ),
    ] = None,
    preset: PresetOption = Preset.default,
    epochs: Epochs = 15,
    size: Size = 64,
    batch_size: BatchSize = 32,
    seed: Seed = 0,
    val_fraction: ValFraction = 0.15,
    accelerator: Accelerator = "auto",
    precision: PrecisionOption = Precision.auto,
    threads: Threads = None,
    bundle: Annotated[
        str | None,
        typer.Option(
            help="A bundle trained by the same recipe, whose card shall say what was found.",
            metavar="BUNDLE",
        ),
    ] = None,
    bundle_out: Annotated[
        Path | None,
        typer.Option(help="With --bundle: folder of the new bundle.", metavar="DIR"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train without each class in turn, show it, and say what the model makes of it."""
    with needs("train"):
        from brainlens.pipeline.unknown import RESULT, tell
        from brainlens.pipeline.unknown import unknown as run_test
    from brainlens.bundle import find, load_bundle
    from brainlens.datasets.open import open_dataset

    if (bundle is None) != (bundle_out is None):
        raise UsageError(
            "A new bundle needs both the old one and its own folder.",
            hint="Give --bundle and --bundle-out, or neither.",
        )
    loaded = None if bundle is None else load_bundle(find(bundle))
    run = small_run(
        preset,
        precision,
        epochs=epochs,
        size=size,
        batch_size=batch_size,
        seed=seed,
        val_fraction=val_fraction,
        accelerator=accelerator,
        threads=threads,
    )
    with resumable():
        result = run_test(
            open_dataset(data), out, run, classes=class_ or (), progress=not as_json, say=note
        )
    if as_json:
        say_json(result.to_dict())
    else:
        _say(result)
    note(f"Wrote {out / RESULT}.")
    if loaded is not None and bundle_out is not None:
        tell(loaded, result, bundle_out)
        note(f"Wrote the bundle {bundle_out}, whose card begins with what was found.")


def _say(result: "UnknownResult") -> None:
    head = (
        "class left out",
        "slices",
        "answered all the same",
        "95 % interval",
        "known ones answered",
        "AUROC of confidence",
        "AUROC of distance",
    )
    rows = [
        (
            one.class_id,
            str(one.answered.n_slices),
            f"{one.answered.value:.3f}",
            interval_text(one.answered.interval),
            f"{one.known_answered.value:.3f}",
            f"{one.by_confidence.auroc:.3f}",
            f"{one.by_distance.auroc:.3f}",
        )
        for one in result.left_out
    ]
    say_table(f"Classes never shown ({result.protocol})", head, rows)
    for one in result.left_out:
        say(one.sentence)
    say(result.summary, style="bold")
    say_disclaimer()
