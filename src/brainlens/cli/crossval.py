"""``brainlens crossval``: train and test on every fold, and pool what comes out."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from brainlens.cli.console import (
    counted,
    note,
    progress,
    say,
    say_disclaimer,
    say_json,
    say_table,
)
from brainlens.cli.extra import needs
from brainlens.cli.resumable import resumable
from brainlens.cli.train import (
    NETWORK_HELP,
    Freeze,
    Init,
    LayerDecay,
    LesionWeight,
    NetworkOption,
    Precision,
    Preset,
    start_choices,
    training_config,
)
from brainlens.cli.verbs import examples

if TYPE_CHECKING:
    from brainlens.evaluation.pooled import Pooled

EXAMPLES = examples(
    "brainlens crossval --data manifest.csv --protocol grouped --out runs/grouped",
    "brainlens crossval --data manifest.csv --protocol official --preset reference --out runs/ref",
    "brainlens crossval --data manifest.csv --protocol grouped --only 2 --out runs/grouped",
)


class Protocol(StrEnum):
    """Values of `brainlens.datasets.folds.Protocol`."""

    grouped = "grouped"
    official = "official"
    random = "random"


def crossval(
    data: Annotated[Path, typer.Option(help="A data folder or a manifest.", metavar="PATH")],
    out: Annotated[
        Path,
        typer.Option(
            help="Folder for folds, runs, bundles and figures; where it holds a cross-validation "
            "that was stopped, that goes on.",
            metavar="DIR",
        ),
    ],
    protocol: Annotated[
        Protocol,
        typer.Option(
            help="grouped deals whole patients, groups and copies to folds. official keeps the "
            "folds that came with the data. random deals slices: only to show what leaking buys."
        ),
    ] = Protocol.grouped,
    folds: Annotated[
        int | None,
        typer.Option(help="How many; default as many as came with the data, else 5."),
    ] = None,
    only: Annotated[
        list[int] | None,
        typer.Option(help="Work on this fold alone; may be repeated.", metavar="FOLD"),
    ] = None,
    preset: Annotated[Preset, typer.Option(help="As for train.")] = Preset.default,
    network: Annotated[str | None, typer.Option(help=NETWORK_HELP)] = None,
    network_option: NetworkOption = None,
    init: Init = None,
    freeze: Freeze = None,
    layer_decay: LayerDecay = None,
    lesion_weight: LesionWeight = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training slices.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Slices a step.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", help="Largest learning rate.")] = None,
    size: Annotated[int | None, typer.Option(help="Side of the network's input in pixels.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of folds, weights, order and augmentation.")
    ] = None,
    val_fraction: Annotated[
        float | None,
        typer.Option(
            help="Share of each fold's training slices kept for choosing the best epoch "
            "and for calibration."
        ),
    ] = None,
    accelerator: Annotated[str | None, typer.Option(help="cpu, gpu, … or auto.")] = None,
    precision: Annotated[
        Precision | None, typer.Option(help="auto takes what helps on this machine.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Of a CPU run.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print metrics.json and nothing else.")
    ] = False,
) -> None:
    """Train, export, calibrate and test on every fold, and pool the answers out of fold."""
    chosen: dict[str, Any] = {
        "network": network,
        **start_choices(network_option, init, freeze, layer_decay),
        "lesion_weight": lesion_weight,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": lr,
        "seed": seed,
        "val_fraction": val_fraction,
        "accelerator": accelerator,
        "precision": precision.value if precision else None,
        "threads": threads,
    }
    changes = {name: value for name, value in chosen.items() if value is not None}
    with needs("train"):
        from brainlens.pipeline.crossval import Crossval
    config = training_config(preset.value, data, size, changes)
    work = Crossval(config, protocol.value, out, n_folds=folds)
    tell = note if as_json else say
    with resumable():
        work.run(only or (), say=tell)
    if work.unfinished:
        left = counted(len(work.unfinished), "fold")
        tell(f"Still to do: {left} ({', '.join(map(str, work.unfinished))}).")
        return
    pooled = work.pool(say=tell, stage=progress)
    if as_json:
        say_json(pooled.to_dict())
    else:
        _say(pooled)
    note(f"Wrote report.html, metrics.json and outcomes.csv into {out}.")


def _say(pooled: "Pooled") -> None:
    from brainlens.evaluation.report.tables import overall_rows

    evaluation = pooled.evaluation
    for caution in (*evaluation.cautions, *evaluation.notes):
        say(caution, style="bold yellow" if caution in evaluation.cautions else None)
    rows = [
        (str(f.fold), str(f.n_slices), _share(f.accuracy), f"{f.temperature:.3f}")
        for f in pooled.folds
    ]
    say_table(evaluation.model, ("fold", "slices", "accuracy", "temperature"), rows)
    mean, spread = pooled.over_folds().values()
    if mean is not None:
        say(f"Over folds: {100 * mean:.2f} ± {100 * (spread or 0):.2f} % (no interval).")
    of = f"{evaluation.all.n_slices} slices"
    patients = evaluation.patients
    if patients is not None:
        of += f" of {patients.n_patients} patients"
    say_table(
        f"All folds, {of}",
        ("figure", "value", "95 % interval"),
        overall_rows(evaluation.all),
    )
    if patients is not None:
        say_table("By patient", ("figure", "value", "95 % interval"), overall_rows(patients))
    say_disclaimer()


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
