"""A slice along its phase-encoding direction in k-space, where MR artefacts arise.

Ghosting and motion change whole lines of k-space, so one Fourier transform along the direction in
which the lines follow each other is enough.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from brainlens.evaluation.robustness.grey import Grey

Lines = NDArray[np.complex64]


def to_lines(values: Grey, axis: int) -> Lines:
    """Return the lines of k-space along ``axis``, the lowest frequency in the middle."""
    return np.asarray(fft.fftshift(fft.fft(values, axis=axis), axes=axis), dtype=np.complex64)


def to_image(lines: Lines, axis: int) -> Grey:
    """Return the magnitude image of lines of k-space along ``axis``."""
    image = fft.ifft(fft.ifftshift(lines, axes=axis), axis=axis)
    return np.asarray(np.abs(image), dtype=np.float32)


def along(line_values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return one value a line, [n], in a shape that multiplies lines along ``axis``."""
    return line_values[:, np.newaxis] if axis == 0 else line_values[np.newaxis, :]
