"""``brainlens shortcuts``: what is reached without looking at the lesion."""

from enum import StrEnum
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

if TYPE_CHECKING:
    from brainlens.pipeline.shortcuts_result import ShortcutsResult

EXAMPLES = examples(
    "brainlens shortcuts --data manifest.csv --out tests/shortcuts",
    "brainlens shortcuts --data slices --test shuffled-labels --out tests/shortcuts",
)


class ShortcutName(StrEnum):
    """The tests, as they are typed."""

    whole_images = "whole-images"
    shuffled_labels = "shuffled-labels"
    head_outline = "head-outline"
    file_facts = "file-facts"


def shortcuts(
    data: Data,
    out: Out,
    test: Annotated[
        list[ShortcutName] | None, typer.Option(help="Only this one; may be repeated.")
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
    as_json: AsJson = False,
) -> None:
    """Train small models that cannot see the lesion, and say what they reach beside guessing."""
    with needs("train"):
        from brainlens.pipeline.shortcuts import RESULT
        from brainlens.pipeline.shortcuts import shortcuts as run_tests
    from brainlens.datasets.open import open_dataset

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
        result = run_tests(
            open_dataset(data),
            out,
            run,
            tests=[one.name for one in test or ShortcutName],  # type: ignore[misc]  # same names
            progress=not as_json,
            say=note,
        )
    if as_json:
        say_json(result.to_dict())
    else:
        _say(result)
    note(f"Wrote {out / RESULT}.")


def _say(result: "ShortcutsResult") -> None:
    head = (
        "what is left",
        "balanced accuracy",
        "95 % interval",
        "guessing",
        "accuracy",
        "most frequent class",
        "on training slices",
        "slices",
    )
    rows = [
        (
            one.title,
            _figure(one.balanced_accuracy),
            interval_text(one.interval),
            f"{one.chance:.3f}",
            _figure(one.accuracy),
            _figure(one.most_frequent),
            _figure(one.trained),
            str(one.n_slices),
        )
        for one in result.shortcuts
    ]
    say_table(f"Without looking at the lesion ({result.protocol})", head, rows)
    for one in result.shortcuts:
        say(f"{one.title.capitalize()}: {one.meaning}")
    say_disclaimer()


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
