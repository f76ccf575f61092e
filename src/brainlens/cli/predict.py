"""``brainlens predict``: answers about images."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from brainlens.cli.console import (
    note,
    progress,
    say,
    say_disclaimer,
    say_json,
    say_table,
)
from brainlens.cli.failure import BAD_INPUT
from brainlens.cli.verbs import examples
from brainlens.words import WHERE_IT_LOOKED

if TYPE_CHECKING:
    from brainlens.bundle.schema import BundleInfo
    from brainlens.errors import ImageError, StorageError
    from brainlens.inference.answer import Answer

    Result = tuple[Path, Answer | ImageError | StorageError]

EXAMPLES = examples(
    "brainlens predict slice.png",
    "brainlens predict folder --bundle bundles/first --threshold 0.9 --csv outcomes.csv",
    "brainlens predict slice.png --json",
    "brainlens predict folder --explain pictures",
)


def predict(
    paths: Annotated[
        list[Path], typer.Argument(help="Image files, or folders of them.", metavar="PATH...")
    ],
    bundle: Annotated[
        str, typer.Option(help="A bundle's folder or zip, or a shipped name.", metavar="BUNDLE")
    ] = "default",
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Confidence from which the model answers; default the bundle's own."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON list of answers and nothing else.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option(help="Write outcomes to this file.", metavar="FILE")
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(
            help="Draw where the model looked (no segmentation) into this folder.", metavar="DIR"
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="With --explain: other classes to draw, with commas between.", metavar="IDS"
        ),
    ] = None,
    abstain_on_set: Annotated[
        bool,
        typer.Option(
            "--abstain-on-set",
            help="Abstain where the prediction set holds more than one class.",
        ),
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Images at a time; default one a core.")
    ] = None,
) -> None:
    """Answer about images.

    Exit status 2 where an image cannot be used; the others are answered all the same.
    """
    import os

    from brainlens.bundle import find, load_bundle
    from brainlens.errors import UsageError
    from brainlens.inference.predictor import Predictor

    if classes is not None and explain is None:
        raise UsageError("--classes draws maps.", hint="Say where: --explain DIR.")
    predictor = Predictor(load_bundle(find(bundle)), threads=1, abstain_on_set=abstain_on_set)
    files = _files(paths)
    results: list[Result] = []
    with progress("Predicting") as update:
        # Who runs the command answers for its threshold, so it may be lower than the bundle's.
        answers = predictor.predict_paths(
            files,
            threshold=threshold,
            allow_lower=True,
            explain=explain is not None,
            classes=[] if classes is None else [part.strip() for part in classes.split(",")],
            workers=workers or os.cpu_count() or 1,
        )
        for path, result in answers:
            # Written at once: the pictures of a large folder would fill the memory.
            results.append((path, _drawn(result, explain, f"{len(results) + 1:04}-{path.stem}")))
            update(len(results), len(files))
    if explain is not None:
        note(f"Wrote pictures of where the model looked into {explain}. {WHERE_IT_LOOKED['en']}")
    if csv is not None:
        _write(csv, results, predictor.info)
    tell = note if as_json else say
    tell(_seen_sentence(results, predictor.info))
    if as_json:
        say_json([_to_dict(path, result) for path, result in results])
    else:
        _say(results)
    if any(isinstance(result, Exception) for _, result in results):
        raise typer.Exit(BAD_INPUT)


def _files(paths: list[Path]) -> list[Path]:
    """Return files as they are named, whatever they hold, and the images below folders."""
    from brainlens.probe.folder import find_images

    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [image.path for image in find_images(path).images]
        else:
            found.append(path)
    return found


def _drawn(
    result: "Answer | ImageError | StorageError", folder: Path | None, stem: str
) -> "Answer | ImageError | StorageError":
    if folder is None or isinstance(result, Exception):
        return result
    from brainlens.cli.explained import to_files

    return to_files(result, folder, stem)


def _seen_sentence(results: "Sequence[Result]", info: "BundleInfo") -> str:
    if info.seen is None:
        return "The model does not record what it was trained on: copies cannot be told."
    n_seen = sum(not isinstance(r, Exception) and r.seen_in_training for _, r in results)
    return f"The model was trained on {n_seen} of these {len(results)} images."


def _to_dict(path: Path, result: "Answer | ImageError | StorageError") -> dict[str, Any]:
    if isinstance(result, Exception):
        problem = {"code": result.code, "message": result.message, "hint": result.hint}
        return {"path": str(path), "error": problem}
    return {"path": str(path), **result.model_dump(mode="json")}


def _write(csv: Path, results: "Sequence[Result]", info: "BundleInfo") -> None:
    from brainlens.outcomes import Outcome, write_outcomes

    outcomes = [
        Outcome.failed(str(path), f"{result.code}: {result.message}")
        if isinstance(result, Exception)
        else Outcome.from_answer(str(path), result.model_dump())
        for path, result in results
    ]
    write_outcomes(csv, outcomes, [c.id for c in info.classes])
    note(f"Wrote {csv}.")


def _say(results: "Sequence[Result]") -> None:
    answers = [result for _, result in results if not isinstance(result, Exception)]
    for warning in dict.fromkeys(w for answer in answers for w in answer.warnings):
        say(warning, style="yellow")
    rows = [(str(path), *_cells(result)) for path, result in results]
    head = ("image", "status", "class", "confidence", "remarks")
    say_table("Answers", head, rows)
    say(_summary("All images", answers, len(results) - len(answers)))
    unseen = [answer for answer in answers if not answer.seen_in_training]
    if len(unseen) < len(answers):
        say(_summary("Without those seen in training", unseen, 0))
    say_disclaimer()


def _cells(result: "Answer | ImageError | StorageError") -> tuple[str, str, str, str]:
    if isinstance(result, Exception):
        return "failed", "", "", f"{result.message} {result.hint}".strip()
    remarks = [*result.reasons, *(["seen in training"] if result.seen_in_training else [])]
    confidence = "" if result.confidence is None else f"{result.confidence:.3f}"
    return result.status, result.predicted_class or "", confidence, ", ".join(remarks)


def _summary(title: str, answers: "Sequence[Answer]", n_failed: int) -> str:
    counts = Counter(answer.status for answer in answers)
    parts = [f"{counts[status]} {status}" for status in ("answered", "abstained", "rejected")]
    return f"{title}: {', '.join(parts)}" + (f", {n_failed} failed." if n_failed else ".")
