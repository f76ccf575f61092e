"""Every error that BrainLens raises on purpose.

::

    BrainLensError
    ├── InputError                 the caller can mend it
    │   ├── ImageError
    │   │   ├── EmptyImage
    │   │   ├── NotAnImage
    │   │   ├── UnreadableImage
    │   │   └── ImageTooLarge
    │   ├── DataError              a data folder or a manifest
    │   │   └── ManifestError
    │   ├── ModelError             an ONNX model from elsewhere
    │   ├── BundleError
    │   │   ├── BundleNotFound
    │   │   └── BundleInvalid
    │   ├── RunError               a training run's folder
    │   ├── DivergedTraining
    │   ├── UsageError             options that do not go together
    │   └── MissingExtra           an optional dependency is not installed
    ├── CheckFailed                a check said no
    │   ├── LeakySplit
    │   └── BelowMinimum
    └── ServiceError               a service or a file system failed
        ├── ServiceUnavailable
        ├── ServiceBusy
        └── StorageError

The message says what is wrong; ``hint`` says what to do next; ``code`` never changes between
releases, so programs may rely on it.
"""

from typing import ClassVar


class BrainLensError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    message
        What is wrong, in one sentence.
    hint
        What the user can do next, in one sentence; empty when the message says it.

    Attributes
    ----------
    code
        Stable identifier of the kind of error.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(BrainLensError):
    """What the caller gave cannot be used."""

    code = "bad_input"


class ImageError(InputError):
    """An image cannot be used."""

    code = "bad_image"


class EmptyImage(ImageError):
    """There are no bytes, or no pixels."""

    code = "empty_image"


class NotAnImage(ImageError):
    """The bytes are of no format that is read here."""

    code = "not_an_image"


class UnreadableImage(ImageError):
    """The format is known, the content is damaged."""

    code = "unreadable_image"


class ImageTooLarge(ImageError):
    """The image exceeds a limit on bytes, pixels or sides."""

    code = "image_too_large"


class DataError(InputError):
    """A data folder cannot be used."""

    code = "bad_data"


class ManifestError(DataError):
    """A manifest breaks its schema; the message names row and column."""

    code = "bad_manifest"


class ModelError(InputError):
    """A model trained elsewhere cannot be made a bundle."""

    code = "bad_model"


class BundleError(InputError):
    """A bundle cannot be used."""

    code = "bad_bundle"


class BundleNotFound(BundleError):
    """There is no bundle at that path or of that name."""

    code = "bundle_not_found"


class BundleInvalid(BundleError):
    """A bundle breaks its schema, or a file's hash differs from the recorded one."""

    code = "bundle_invalid"


class RunError(InputError):
    """A training run's folder is missing, incomplete or of another configuration."""

    code = "bad_run"


class DivergedTraining(InputError):
    """The loss of a training run is no longer a number; other options may keep it one."""

    code = "diverged_training"


class UsageError(InputError):
    """Options contradict each other or are out of range."""

    code = "bad_usage"


class MissingExtra(InputError):
    """An optional dependency is not installed."""

    code = "missing_extra"


class CheckFailed(BrainLensError):
    """A check that was asked for said no."""

    code = "check_failed"


class LeakySplit(CheckFailed):
    """A patient or a copy of an image is on both sides of a split."""

    code = "leaky_split"


class BelowMinimum(CheckFailed):
    """A figure is below the wanted minimum."""

    code = "below_minimum"


class ServiceError(BrainLensError):
    """A service or a file system failed; trying again later may help."""

    code = "service_failed"


class ServiceUnavailable(ServiceError):
    """A service does not answer."""

    code = "service_unavailable"


class ServiceBusy(ServiceError):
    """A service has no room for another request now."""

    code = "service_busy"


class StorageError(ServiceError):
    """A file system refused to read or write."""

    code = "storage_failed"
