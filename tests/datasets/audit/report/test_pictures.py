import base64
import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from brainlens.datasets.audit.report.pictures import MOST, SIDE, Pictures, path_element
from brainlens.html.element import element


def drawn(figure: str) -> Image.Image:
    (data,) = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', figure)
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_a_picture_is_inside_the_page(tmp_path: Path) -> None:
    Image.linear_gradient("L").save(tmp_path / "a.png")
    figure = Pictures().of(tmp_path / "a.png", element("figcaption", "words"))
    assert drawn(figure).size == (SIDE, SIDE)
    assert "<figcaption>words</figcaption>" in figure


def test_a_brighter_copy_looks_brighter_and_deep_ones_are_stretched(tmp_path: Path) -> None:
    grey = np.asarray(Image.linear_gradient("L")) // 2
    Image.fromarray(grey).save(tmp_path / "dark.png")
    Image.fromarray(grey.astype(np.uint16)).save(tmp_path / "deep.png")
    pictures = Pictures()
    dark, deep = (np.asarray(drawn(pictures.of(tmp_path / n))) for n in ("dark.png", "deep.png"))
    assert 110 < dark.max() < 140
    assert deep.max() > 240


def test_there_are_so_many_pictures_and_no_more(tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((8, 8)).save(tmp_path / "a.png")
    steps: list[tuple[int, int]] = []
    pictures = Pictures(lambda done, total: steps.append((done, total)))
    figures = [pictures.of(tmp_path / "a.png", element("b", "x")) for _ in range(MOST + 3)]
    assert sum("<img" in f for f in figures) == MOST
    assert figures[-1] == "<figure><b>x</b></figure>"
    assert pictures.room(5) == 0
    assert steps[-1] == (MOST, MOST)


def test_a_file_that_went_away_is_said(tmp_path: Path) -> None:
    figure = Pictures().of(tmp_path / "<gone>.png")
    assert "There is no file" in figure
    assert "&lt;gone&gt;" in figure


def test_names_break_after_slashes() -> None:
    made = path_element(Path("/data/a/<b>.png"), Path("/data"))
    assert made == '<span class="path">a/<wbr>&lt;b&gt;.png</span>'
