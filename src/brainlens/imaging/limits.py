"""How large an image may be before it is refused."""

from dataclasses import dataclass

from brainlens.errors import ImageTooLarge


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds checked before anything is decoded.

    Attributes
    ----------
    max_bytes
        Largest file, in bytes.
    max_pixels
        Largest width times height.
    max_side
        Largest width or height, in pixels.
    """

    max_bytes: int = 32 * 1024 * 1024
    max_pixels: int = 40_000_000
    max_side: int = 16_384

    def check_bytes(self, n_bytes: int) -> None:
        """Refuse a file of more than ``max_bytes``.

        Raises
        ------
        ImageTooLarge
            If it is larger.
        """
        if n_bytes > self.max_bytes:
            raise ImageTooLarge(
                f"The file is larger than the limit of {self.max_bytes / 2**20:.3g} MiB.",
                hint="Export the slice at its native resolution, or raise the limit.",
            )

    def check_size(self, width: int, height: int) -> None:
        """Refuse an image of more than ``max_pixels``, or with a side beyond ``max_side``.

        Raises
        ------
        ImageTooLarge
            If it is larger.
        """
        if max(width, height) > self.max_side or width * height > self.max_pixels:
            raise ImageTooLarge(
                f"The image has {width} x {height} pixels; the limits are {self.max_side} a side "
                f"and {self.max_pixels} in all.",
                hint="Export the slice at its native resolution, or raise the limit.",
            )
