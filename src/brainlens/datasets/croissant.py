"""Croissant 1.0 metadata beside a manifest, so that other tools can read the table."""

from pathlib import Path
from typing import Any, Final

from brainlens.datasets.info import DatasetInfo
from brainlens.datasets.manifest import COLUMNS, Manifest
from brainlens.files import sha256_file, write_json

SUFFIX: Final = ".croissant.json"

_CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that the specification wants word for word."""

_FIELDS: Final = {
    "path": ("sc:Text", "The image; relative to the folder of the table."),
    "label": ("sc:Text", "Class of the slice; empty where unknown."),
    "patient": ("sc:Text", "Pseudonym of the patient; empty where unknown."),
    "group": ("sc:Text", "What must not be separated by a split; empty means the patient."),
    "split": ("sc:Text", "train, val, test, or empty: takes no part."),
    "protocol": ("sc:Text", "How the split was made: grouped, official, random, or empty."),
    "fold": ("sc:Integer", "Number of the fold, where there are folds."),
    "mask": ("sc:Text", "Lesion mask of the image's size; relative to the folder of the table."),
    "sha256": ("sc:Text", "SHA-256 of the image file, in hex."),
    "pixel_sha256": ("sc:Text", "SHA-256 of the decoded pixels, in hex."),
    "synthetic": ("sc:Integer", "1 where the slice was drawn and no patient was imaged."),
}
_LICENCES: Final = {
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
}


def croissant_path(csv: Path) -> Path:
    """Return where the metadata of a manifest lies: ``NAME.croissant.json`` beside ``NAME.csv``.

    One file a manifest, since a folder may hold several (all slices, and each split of them).
    """
    return csv.with_name(csv.stem + SUFFIX)


def write_croissant(manifest: Manifest, csv: Path) -> Path:
    """Describe a manifest that has been saved; return the file that was written.

    Parameters
    ----------
    manifest
        What was saved.
    csv
        Where. Its hash goes into the description, so that a reader notices a later change of the
        table.

    Raises
    ------
    OSError
        If the file system refuses.
    """
    path = croissant_path(csv)
    write_json(path, _description(manifest, csv))
    return path


def _description(manifest: Manifest, csv: Path) -> dict[str, Any]:
    return {
        "@context": _CONTEXT,
        "@type": "Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        **_origin(manifest.info, csv),
        "description": _sentence(manifest),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "table",
                "name": csv.name,
                "description": "One row a slice.",
                "contentUrl": csv.name,
                "encodingFormat": "text/csv",
                "sha256": sha256_file(csv),
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "slices",
                "name": "slices",
                "description": "The slices, with their classes, patients and splits.",
                "key": {"@id": "slices/path"},
                "field": [_field(name) for name in COLUMNS],
            }
        ],
    }


def _origin(info: DatasetInfo, csv: Path) -> dict[str, Any]:
    """Return what is known of title, authors, licence and source; nothing is made up."""
    known: dict[str, Any] = {
        "name": info.title or csv.stem,
        "creator": [{"@type": "Person", "name": author} for author in info.authors],
        "license": _LICENCES.get(info.licence, info.licence),
        "url": info.source if info.source.startswith(("http://", "https://")) else "",
        "citeAs": info.attribution,
    }
    return {name: value for name, value in known.items() if value}


def _sentence(manifest: Manifest) -> str:
    classes = ", ".join(manifest.labels) or "no labels"
    text = f"{len(manifest)} brain-MRI slices ({classes})."
    if manifest.synthetic:
        text += " Synthetic slices are among them: no patient was imaged for those."
    return f"{text} {manifest.info.changes}".strip()


def _field(name: str) -> dict[str, Any]:
    kind, description = _FIELDS[name]
    return {
        "@type": "cr:Field",
        "@id": f"slices/{name}",
        "name": name,
        "description": description,
        "dataType": kind,
        "source": {"fileObject": {"@id": "table"}, "extract": {"column": name}},
    }
