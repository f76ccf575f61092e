import os
from pathlib import Path

import pytest

from brainlens.datasets.audit.shown_path import shown_path

ROOT = Path("/data")


def test_names_are_relative_and_keep_their_letters() -> None:
    assert shown_path(ROOT / "a b" / "é".lower() / "日.png", ROOT) == "a b/é/日.png"
    assert shown_path(Path("/other/1.png"), ROOT) == "../other/1.png"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb", r"a\nb"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("gnp\u202eevil", r"gnp\u202eevil"),
        ("a\u200bb", r"a\u200bb"),
    ],
)
def test_what_would_deceive_is_escaped(name: str, shown: str) -> None:
    assert shown_path(ROOT / name, ROOT) == shown


def test_bytes_that_are_no_unicode_are_escaped() -> None:
    shown = shown_path(ROOT / os.fsdecode(b"bad\xff.png"), ROOT)
    assert shown == r"bad\udcff.png"
    assert shown.encode()
