"""Cross-validation: every fold trained, exported, calibrated and evaluated; outcomes pooled."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from brainlens.bundle.load import load_bundle
from brainlens.datasets.fingerprint import data_sha256, with_hashes
from brainlens.datasets.folds import Protocol, deal, hold_out
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.open import MANIFEST_FILE, open_dataset
from brainlens.datasets.stage import Stage
from brainlens.errors import RunError, UsageError
from brainlens.evaluation.evaluate import evaluate
from brainlens.evaluation.pooled import FoldEvaluation, Pooled, pool
from brainlens.evaluation.report.findings import Findings
from brainlens.evaluation.report.folder import METRICS_FILE, write_report
from brainlens.files import write_json
from brainlens.pipeline.calibrate import calibrate
from brainlens.training.config import TrainConfig
from brainlens.training.export import export
from brainlens.training.run import train

PLAN: Final = "crossval.json"
FOLDS: Final = "folds.csv"

Say = Callable[[str], None]

# Where the data lie, and what changes no weight.
_ELSEWHERE: Final = {"data", "cache_folder", "loggers", "workers", "allow_leaky_split"}


class Plan(BaseModel):
    """``crossval.json``: what is cross-validated, so that it goes on as it was begun.

    Attributes
    ----------
    protocol
        How slices were dealt to folds.
    folds
        Their numbers.
    data_sha256
        Fingerprint of all slices.
    config
        The choices of every run; its seed also decides dealing and validation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    protocol: Protocol
    folds: tuple[int, ...]
    data_sha256: str
    config: dict[str, Any]


class Crossval:
    """A cross-validation in a folder, done or to be gone on with.

    Parameters
    ----------
    config
        The choices of every run; ``data`` is the manifest or folder of all slices.
    protocol
        See `brainlens.datasets.folds.deal`.
    out
        Folder of the cross-validation; where it holds one already, that is gone on with.
    n_folds
        See `brainlens.datasets.folds.deal`.

    Raises
    ------
    DataError
        If the data cannot be dealt to such folds.
    RunError
        If ``out`` holds a cross-validation of other choices or other data, or something else.
    """

    def __init__(
        self, config: TrainConfig, protocol: Protocol, out: Path, *, n_folds: int | None = None
    ) -> None:
        self._config = config
        self.folder = out
        manifest = with_hashes(open_dataset(config.data))
        self.dealt = deal(manifest, protocol, k=n_folds, seed=config.seed)
        numbers = {row.fold for row in self.dealt.rows if row.fold is not None}
        self.plan = Plan(
            protocol=protocol,
            folds=tuple(sorted(numbers)),
            data_sha256=data_sha256(self.dealt),
            config=config.model_dump(mode="json", exclude=_ELSEWHERE),
        )
        self._begin()

    def _begin(self) -> None:
        path = self.folder / PLAN
        if path.is_file():
            _require_same(path, self.plan)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.dealt.save(self.folder / FOLDS)
        write_json(path, self.plan.model_dump(mode="json"))

    def fold(self, number: int) -> Path:
        """Return the folder of one fold."""
        return self.folder / f"fold-{number}"

    @property
    def unfinished(self) -> tuple[int, ...]:
        """The folds that have no calibrated bundle yet."""
        return tuple(n for n in self.plan.folds if not (self.fold(n) / "bundle").exists())

    def run(self, only: Sequence[int] = (), *, say: Say) -> None:
        """Train, export and calibrate; what is done is not done again.

        Parameters
        ----------
        only
            Numbers of folds; default all. Two processes may run different folds side by side.
        say
            Told what happens, for people.

        Raises
        ------
        UsageError
            If there is no such fold.
        BrainLensError
            Whatever training, export and calibration refuse.
        """
        strangers = sorted(set(only) - set(self.plan.folds))
        if strangers:
            raise UsageError(
                f"There is no fold {strangers[0]}.",
                hint=f"Folds: {', '.join(map(str, self.plan.folds))}.",
            )
        chosen = [n for n in self.plan.folds if not only or n in only]
        for place, number in enumerate(chosen, start=1):
            if number in self.unfinished:
                say(f"Fold {number} ({place} of {len(chosen)}), protocol {self.plan.protocol}")
                self._run(number)

    def _run(self, number: int) -> None:
        folder = self.fold(number)
        table = folder / MANIFEST_FILE
        config = self._config
        if not table.is_file():
            parts = hold_out(self.dealt, number, val_fraction=config.val_fraction, seed=config.seed)
            folder.mkdir(exist_ok=True)
            parts.save(table)
        leaky = self.plan.protocol == "random"
        of_fold = config.model_copy(
            update={
                "data": table,
                "cache_folder": config.cache_folder or self.folder / "cache",
                # That slices of one patient are on both sides is what this protocol shows.
                "allow_leaky_split": config.allow_leaky_split or leaky,
            }
        )
        run = train(of_fold, folder / "run", resume=True)
        exported = folder / "exported"
        # A network may be named with a prefix, a module or a folder: no name for a bundle.
        name = f"{config.preset}-{self.plan.protocol}-fold{number}"
        if not exported.exists():
            export(run, exported, name=name, version="0.1.0")
        calibrate(load_bundle(exported), Manifest.load(table), folder / "bundle")

    def evaluate(self, *, say: Say) -> list[FoldEvaluation]:
        """Return each fold's evaluation on its test slices.

        Raises
        ------
        RunError
            If a fold is not finished.
        """
        if self.unfinished:
            raise RunError(
                f"Folds not finished yet: {', '.join(map(str, self.unfinished))}.",
                hint="Run the same command again; it goes on where it stopped.",
            )
        return [self._evaluated(number, say) for number in self.plan.folds]

    def _evaluated(self, number: int, say: Say) -> FoldEvaluation:
        say(f"Evaluating fold {number}")
        bundle = load_bundle(self.fold(number) / "bundle")
        manifest = Manifest.load(self.fold(number) / MANIFEST_FILE)
        # Outcomes of all folds name their slices alike.
        manifest = replace(manifest, root=self.dealt.root)
        return FoldEvaluation(
            fold=number,
            evaluation=evaluate(bundle, manifest),
            temperature=bundle.info.temperature,
            split_check=bundle.info.training.split_check,
        )

    def pool(self, *, say: Say, stage: Stage | None = None) -> Pooled:
        """Evaluate every fold, pool the outcomes, and write report, figures and outcomes.

        Parameters
        ----------
        say
            Told what happens, for people.
        stage
            Shows the steps that take long.

        Raises
        ------
        RunError
            If a fold is not finished.
        DataError
            If the folds cannot be pooled.
        """
        config = self._config
        name = f"{config.network}, preset {config.preset}, {self.plan.protocol} folds"
        pooled = pool(self.evaluate(say=say), self.dealt, name=name, stage=stage)
        findings = Findings(pooled.evaluation, manifest=self.dealt, pooled=pooled)
        write_report(findings, self.folder)
        # Last, in place of the figures without the plan.
        plan = {"plan": self.plan.model_dump(mode="json")}
        write_json(self.folder / METRICS_FILE, findings.to_dict() | plan)
        return pooled


def _require_same(path: Path, plan: Plan) -> None:
    try:
        before = Plan.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise RunError(
            f"{path} cannot be read: {error.errors()[0]['msg']}.",
            hint="Cross-validate in a new folder.",
        ) from error
    then, now = before.model_dump(mode="json"), plan.model_dump(mode="json")
    differing = [name for name in now if name != "config" and then[name] != now[name]]
    differing += [
        name for name, value in now["config"].items() if then["config"].get(name) != value
    ]
    if differing:
        raise RunError(
            f"{path.parent} holds a cross-validation with another {', '.join(differing)}.",
            hint="Go on with the same data and options, or choose a new folder.",
        )
