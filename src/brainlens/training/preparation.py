"""From a data folder to splits that may be trained on."""

from brainlens.datasets.fingerprint import data_sha256, with_hashes
from brainlens.datasets.manifest import Manifest, Progress
from brainlens.datasets.open import open_dataset
from brainlens.datasets.split_check import SplitCheck, check_split
from brainlens.datasets.splits import cut_validation
from brainlens.errors import LeakySplit
from brainlens.training.config import TrainConfig
from brainlens.training.record import DataRecord


def prepare(config: TrainConfig, progress: Progress | None = None) -> tuple[Manifest, DataRecord]:
    """Open the data, cut validation where there is none, and check the splits.

    Parameters
    ----------
    config
        The run's choices.
    progress
        Called with (done, total) while images are hashed.

    Returns
    -------
    tuple
        The manifest with hashes and splits, and what is recorded of it.

    Raises
    ------
    DataError
        If the data cannot be trained on.
    LeakySplit
        If a patient or a copy is on both sides, and this was not allowed.
    """
    manifest = open_dataset(config.data)
    manifest.require_trainable()
    manifest = with_hashes(manifest, progress=progress)
    if not any(row.split == "val" for row in manifest.rows):
        manifest = cut_validation(manifest, fraction=config.val_fraction, seed=config.seed)
        # Cutting moves whole groups: a class must still be left on the training side.
        manifest.require_trainable()
    check = check_split(manifest)
    if check.status == "leaky" and not config.allow_leaky_split:
        raise _refusal(config, check)
    return manifest, _record(manifest, check)


def _refusal(config: TrainConfig, check: SplitCheck) -> LeakySplit:
    return LeakySplit(
        check.sentence,
        hint="Go on with a split that keeps patients and copies whole: "
        f"`brainlens data split {config.data} --out grouped.csv`, then "
        "`brainlens train --data grouped.csv`; or train all the same: "
        f"`brainlens train --data {config.data} --allow-leaky-split`.",
    )


def _record(manifest: Manifest, check: SplitCheck) -> DataRecord:
    train, val = manifest.select(split="train"), manifest.select(split="val")
    info = manifest.info
    return DataRecord(
        title=info.title,
        licence=info.licence,
        attribution=info.attribution,
        data_sha256=data_sha256(train),
        classes=train.classes,
        n_train=len(train),
        n_val=len(val),
        n_patients=train.n_patients,
        synthetic=train.synthetic,
        protocol=manifest.protocol,
        split_check=check.status,
        split_sentence=check.sentence,
    )
