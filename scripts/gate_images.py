"""Make the pictures that gates are measured with: what a model must not answer about.

    pip install pydicom nibabel scikit-image scikit-learn
    python scripts/gate_images.py FOLDER_OF_FORMATS OUT

Writes one folder of PNG files a set into OUT, made from DICOM and NIfTI files (FOLDER_OF_FORMATS)
and from the pictures that scikit-image and scikit-learn ship. Grey values are scaled between the
0.5th and 99.5th percentile; those of a CT slice also by a window of soft tissue, as viewers do.
"""

import argparse
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PHOTOGRAPHS = ("*.png", "*.jpg", "*.jpeg")
MR_OF_OTHER_PARTS = (
    "dicom_mr/misc/pydicom_MR_small_not_brain.dcm",
    "ood/dicom/MR-SIEMENS-DICOM-WithOverlays.dcm",
    "ood/dicom/MR2_UNCR.dcm",
)
OTHER_MR = ("dicom_mr/dcm_qa_nih_epi", "dicom_mr/dwv_bbmri")
MOSAICS = ("dcmqa_mosaic_jp2k.dcm", "dcmqa_mosaic_jpegll.dcm")
NO_SLICES = (*MOSAICS, "nibabel_siemens_0.dcm")
"""Of `misc`: many small slices in one picture, or nothing to be seen."""
SOFT_TISSUE = (-160.0, 240.0)
SLICES_A_VOLUME = 24
CROP = 0.6
GREY_ENOUGH = 8
"""Largest spread of red, green and blue in a picture that is grey all the same."""
_RESCALE = (("Slope", 1), ("Intercept", 0))

Pixels = NDArray[Any]


def scaled(values: Pixels, window: tuple[float, float] | None = None) -> Pixels:
    """Return grey levels of 8 bits."""
    low, high = np.percentile(values, (0.5, 99.5)) if window is None else window
    shares = (values.astype(np.float64) - low) / max(high - low, 1e-9)
    return np.asarray(np.rint(255 * np.clip(shares, 0, 1)), dtype=np.uint8)


def of_dicom(path: Path) -> Iterator[tuple[str, Pixels]]:
    """Yield the pictures of a DICOM file."""
    record = import_module("pydicom").dcmread(path, force=True)
    values = record.pixel_array
    if record.get("PhotometricInterpretation") == "RGB":
        yield "colour", values
        yield "grey", np.asarray(Image.fromarray(values).convert("L"))
        return
    values = values.astype(np.float64)
    if record.get("PhotometricInterpretation") == "MONOCHROME1":
        values = values.max() - values
    yield "whole", scaled(values)
    if record.get("Modality") == "CT":
        slope, zero = (float(record.get(f"Rescale{name}", n)) for name, n in _RESCALE)
        yield "soft", scaled(slope * values + zero, SOFT_TISSUE)


def of_nifti(path: Path) -> Iterator[tuple[str, Pixels]]:
    """Yield slices of the middle half of a volume, across each of its axes."""
    volume = np.asarray(import_module("nibabel").load(path).dataobj)
    volume = volume[..., 0] if volume.ndim == 4 else volume
    for axis in range(3):
        n = volume.shape[axis]
        if min(np.delete(volume.shape, axis)) < 32:
            continue
        for place in np.unique(np.linspace(n // 4, 3 * n // 4, SLICES_A_VOLUME // 3).astype(int)):
            yield f"{axis}-{place}", scaled(np.rot90(np.take(volume, place, axis=axis)))


def of_photograph(path: Path) -> Iterator[tuple[str, Pixels]]:
    """Yield a photograph in colour, in grey, and its grey middle and corners."""
    image = Image.open(path).convert("RGB")
    if np.ptp(np.asarray(image, np.int16), axis=2).max() > GREY_ENOUGH:
        yield "colour", np.asarray(image)
    yield from in_grey(image)


def in_grey(image: Image.Image) -> Iterator[tuple[str, Pixels]]:
    """Yield a picture in grey, whole and cropped."""
    grey = image.convert("L")
    yield "grey", np.asarray(grey)
    width, height = round(CROP * grey.width), round(CROP * grey.height)
    right, below = grey.width - width, grey.height - height
    for name, left, top in (
        ("middle", right // 2, below // 2),
        ("upper", 0, 0),
        ("lower", right, below),
    ):
        yield name, np.asarray(grey.crop((left, top, left + width, top + height)))


def photographs() -> Iterator[Path]:
    """Yield the pictures that scikit-image and scikit-learn ship."""
    for package, folder in (("skimage", "data"), ("sklearn", "datasets/images")):
        shipped = Path(str(import_module(package).__file__)).parent / folder
        yield from sorted(path for kind in PHOTOGRAPHS for path in shipped.glob(kind))


def sets(formats: Path) -> Iterator[tuple[str, str, Pixels]]:
    """Yield set, name and pixels of every picture."""
    apart = {formats / name for name in MR_OF_OTHER_PARTS}
    for path in sorted((formats / "ood" / "dicom").glob("*.dcm")):
        if path not in apart:
            for name, pixels in of_dicom(path):
                yield "other-modalities", f"{path.stem}-{name}", pixels
    for path in sorted((formats / "ood" / "nifti").glob("*.nii.gz")):
        for name, pixels in of_nifti(path):
            yield "head-phantom-ct", f"{path.stem}-{name}", pixels
    for path in (*sorted((formats / "ood" / "photos").glob("*.jpg")), *photographs()):
        for name, pixels in of_photograph(path):
            kind = "photographs-in-colour" if name == "colour" else "photographs-in-grey"
            yield kind, f"{path.stem}-{name}", pixels
    for path in sorted(apart):
        for name, pixels in of_dicom(path):
            yield "mr-of-other-parts", f"{path.stem}-{name}", pixels
    yield from _other_contrasts(formats)


def _other_contrasts(formats: Path) -> Iterator[tuple[str, str, Pixels]]:
    for folder in OTHER_MR:
        for path in sorted((formats / folder).glob("*.dcm")):
            for name, pixels in of_dicom(path):
                yield "other-mr-contrasts", f"{path.stem}-{name}", pixels
    for path in sorted((formats / "nifti_mr").rglob("*.nii*")):
        for name, pixels in of_nifti(path):
            yield "other-mr-contrasts", f"{path.name.split('.')[0]}-{name}", pixels
    for name in NO_SLICES:
        for kind, pixels in of_dicom(formats / "dicom_mr" / "misc" / name):
            yield "mosaics", f"{Path(name).stem}-{kind}", pixels


def main() -> None:
    """Write the sets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("formats", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    for kind, name, pixels in sets(given.formats):
        folder = given.out / kind
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{name}.png")


if __name__ == "__main__":
    main()
