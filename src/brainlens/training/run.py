"""One training run, from a data folder to a run folder."""

from collections.abc import Mapping
from pathlib import Path

import lightning as L
import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
from rich.console import Console

from brainlens.datasets.cache import Cache
from brainlens.datasets.manifest import Manifest
from brainlens.datasets.mask_cache import MaskCache
from brainlens.errors import RunError, UsageError
from brainlens.networks import Network, create_network
from brainlens.training.allocator import keep_freed_memory
from brainlens.training.checkpoints import (
    HISTORY,
    AtomicCheckpointIO,
    EpochCheckpoints,
    checkpoint_path,
    load_checkpoint,
)
from brainlens.training.config import OptionValue, TrainConfig
from brainlens.training.curves import CURVES, write_curves
from brainlens.training.data_module import ManifestData
from brainlens.training.guidance import settle_guidance
from brainlens.training.hardware import settle
from brainlens.training.history import EpochRecord, best_record, write_history
from brainlens.training.loggers import make_loggers
from brainlens.training.module import Classifier
from brainlens.training.preparation import prepare
from brainlens.training.progress import EpochProgress, bar
from brainlens.training.quiet import quiet_lightning
from brainlens.training.record import CONFIG, MANIFEST, RunRecord, read_run, versions
from brainlens.training.reproducible import reproducible
from brainlens.training.stages import freeze
from brainlens.training.start import load_start


def train(
    config: TrainConfig, run_dir: Path, *, resume: bool = False, progress: bool = True
) -> Path:
    """Train a network.

    Parameters
    ----------
    config
        Every choice.
    run_dir
        The run's folder: ``config.json``, ``manifest.csv``, ``history.json``, ``curves.png`` and
        ``checkpoints/{best,last}.ckpt`` are written there.
    resume
        Go on with the run in ``run_dir`` from its last finished epoch. A run killed at any moment
        ends with the weights of one never interrupted, bit for bit on a CPU with the same number
        of threads. Where nothing was begun, the run begins; where it is finished, nothing is done.
    progress
        Show bars and a line an epoch.

    Returns
    -------
    Path
        ``run_dir``.

    Raises
    ------
    RunError
        If the folder holds something already and ``resume`` is false, or holds a run of another
        configuration.
    UsageError
        If the network or one of its options is unknown.
    DataError, LeakySplit
        If the data cannot, or should not, be trained on.
    DivergedTraining
        If the loss is no longer a number.
    """
    config = settle(config)
    keep_freed_memory()
    with reproducible(config), quiet_lightning():
        _train(config, run_dir, resume=resume, progress=progress)
    return run_dir


def _train(config: TrainConfig, run_dir: Path, *, resume: bool, progress: bool) -> None:
    # Lightning starts one process a device by running this program again: only the first may
    # find the folder empty, the others find what the first has written.
    if _is_first_process():
        record, manifest = _begin(config, run_dir, resume=resume, progress=progress)
    else:
        record, manifest = read_run(run_dir), Manifest.load(run_dir / MANIFEST)
    say = Console().print if progress else _nothing
    if record.data.split_check != "clean":
        say(record.data.split_sentence)
    epochs_done = len(_finished(run_dir))
    if epochs_done >= config.epochs:
        say(f"{run_dir} is finished: all {config.epochs} epochs are done.")
    else:
        _fit(record, run_dir, manifest, epochs_done=epochs_done, progress=progress)
    _conclude(record, run_dir)


def _is_first_process() -> bool:
    rank: int = rank_zero_only.rank  # type: ignore[attr-defined]  # Lightning sets it on the function
    return rank == 0


def _nothing(text: str) -> None:
    """Say nothing."""


def _begin(
    config: TrainConfig, run_dir: Path, *, resume: bool, progress: bool
) -> tuple[RunRecord, Manifest]:
    """Open or make the run's folder."""
    if (run_dir / CONFIG).is_file() and resume:
        record, manifest = read_run(run_dir), Manifest.load(run_dir / MANIFEST)
        config = settle_guidance(config, manifest)
        record.require_same(config, run_dir)
        record = record.model_copy(update={"config": config})
        record.write(run_dir)
        return record, manifest
    if run_dir.is_dir() and not _may_begin_in(run_dir, resume=resume):
        raise RunError(
            f"{run_dir} is not empty.",
            hint="Choose a new folder, or go on with the run in it by --resume.",
        )
    network = create_checked(config, n_classes=2)
    start = load_start(network, config.init)
    freeze(network, config.freeze)
    with bar("Looking for copies", shown=progress) as update:
        manifest, data = prepare(config, update)
    settled = settle_guidance(config, manifest)
    if progress and settled != config:
        Console().print(f"{settled.network} is trained without outlines: there are none to use.")
    if settled != config:
        config, network = settled, create_checked(settled, n_classes=2)
    built = network.options
    record = RunRecord(config=config, data=data, start=start, built=built, versions=versions())
    run_dir.mkdir(parents=True, exist_ok=True)
    manifest.save(run_dir / MANIFEST)
    # Last: where it is, all of the above is there too.
    record.write(run_dir)
    return record, manifest


def _may_begin_in(run_dir: Path, *, resume: bool) -> bool:
    left = {path.name for path in run_dir.iterdir() if not path.name.startswith(".")}
    # A start that was killed before it wrote `config.json` may have left the manifest and the
    # JSON files beside it; they are written again.
    begun = all(name == MANIFEST or name.endswith(".json") for name in left - {CONFIG})
    return not left or (resume and begun and CONFIG not in left)


def create_checked(
    config: TrainConfig, n_classes: int, built: Mapping[str, OptionValue] | None = None
) -> Network:
    """Build the network of a configuration.

    Parameters
    ----------
    config
        Names the network; its preprocess says on which scale images come.
    n_classes
        Number of outputs.
    built
        `RunRecord.built`, where the run has begun: so nothing is asked of a folder or the hub.

    Raises
    ------
    UsageError
        If the network or one of its options is unknown.
    InputError
        If a network that is not built in cannot be had.
    """
    try:
        network = create_network(config.network, n_classes, **(built or config.network_options))
    except ValueError as error:
        raise UsageError(f"{error}.", hint="Mend the network's name or options.") from error
    network.set_input_scale(config.preprocess.mean, config.preprocess.std)
    return network


def cache_folder(config: TrainConfig, run_dir: Path) -> Path:
    """Return where a run's decoded images are kept."""
    return config.cache_folder or run_dir.parent / "cache"


def _finished(run_dir: Path) -> list[EpochRecord]:
    """Return the history inside the last checkpoint: the truth that ``history.json`` copies."""
    if not checkpoint_path(run_dir, "last").is_file():
        return []
    rows = load_checkpoint(run_dir, "last")["history"]
    return [EpochRecord.model_validate(row) for row in rows]


def _fit(
    record: RunRecord, run_dir: Path, manifest: Manifest, *, epochs_done: int, progress: bool
) -> None:
    config = record.config
    learning = manifest.with_rows(row for row in manifest.rows if row.split in ("train", "val"))
    with bar("Decoding images", shown=progress) as update:
        cache = Cache.build(learning, config.preprocess, cache_folder(config, run_dir), update)
    class_ids = tuple(info.id for info in record.data.classes)
    last = checkpoint_path(run_dir, "last")
    torch.manual_seed(config.seed)
    network = create_checked(config, len(class_ids), record.built)
    if not epochs_done:
        load_start(network, config.init)
    module = Classifier(network, config)
    masks = None
    if module.network.has_lesion_map and config.lesion_weight > 0:
        with bar("Reading outlines", shown=progress) as update:
            folder = cache_folder(config, run_dir)
            masks = MaskCache.build(learning, config.preprocess, folder, update)
    _trainer(record, run_dir, progress=progress).fit(
        module,
        datamodule=ManifestData(
            config, learning, cache, class_ids, first_epoch=epochs_done, masks=masks
        ),
        ckpt_path=last if epochs_done else None,
        weights_only=True,
    )


def _trainer(record: RunRecord, run_dir: Path, *, progress: bool) -> L.Trainer:
    config, split_check = record.config, record.data.split_check
    callbacks: list[L.Callback] = [EpochCheckpoints(run_dir, config.best, split_check)]
    if progress:
        callbacks.append(EpochProgress())
    return L.Trainer(
        accelerator=config.accelerator,
        devices=config.devices,
        precision=config.precision,  # type: ignore[arg-type]  # "auto" is settled by now
        max_epochs=config.epochs,
        callbacks=callbacks,
        plugins=[AtomicCheckpointIO()],
        logger=make_loggers(config.loggers, run_dir),
        default_root_dir=run_dir,
        enable_progress_bar=progress,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
        use_distributed_sampler=False,
        deterministic=True,
    )


def _conclude(record: RunRecord, run_dir: Path) -> None:
    """Write what can be made again from the last checkpoint."""
    history = _finished(run_dir)
    best = best_record(history, record.config.best)
    if _is_first_process() and best is not None:
        split_check = record.data.split_check
        write_history(run_dir / HISTORY, history, split_check)
        write_curves(run_dir / CURVES, history, best, split_check)
