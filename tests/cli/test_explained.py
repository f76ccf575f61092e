from collections.abc import Callable
from pathlib import Path

from PIL import Image

from brainlens.bundle import load_bundle
from brainlens.cli.explained import to_files
from brainlens.inference import Predictor
from brainlens.inference.explanation import MapPictures


def test_an_answer_without_pictures_is_left_as_it_is(
    tiny_bundle: Path, slice_png: Callable[..., bytes], tmp_path: Path
) -> None:
    answer = Predictor(load_bundle(tiny_bundle)).predict(slice_png(0))
    assert to_files(answer, tmp_path / "none", "x") is answer
    assert not (tmp_path / "none").exists()


def test_a_lesion_map_and_an_odd_name_become_files_in_the_folder(
    tiny_bundle: Path, slice_png: Callable[..., bytes], tmp_path: Path
) -> None:
    answer = Predictor(load_bundle(tiny_bundle)).predict(slice_png(0), explain=True)
    assert answer.explanation is not None
    shown = answer.explanation
    lesion = MapPictures(
        peak=None, grid=(2, 2), strength=0, overlay_png=shown.overlay_png, map_png=shown.map_png
    )
    odd = answer.model_copy(
        update={
            "explanation": shown.model_copy(update={"class_id": "../a/b é", "lesion_map": lesion})
        }
    )
    moved = to_files(odd, tmp_path, "s").explanation
    assert moved is not None
    assert moved.lesion_map is not None
    files = {moved.overlay_png, moved.map_png, moved.lesion_map.overlay_png}
    files.add(moved.lesion_map.map_png)
    assert {Path(file) for file in files} == set(tmp_path.iterdir())
    assert len(files) == 4
    for file in files:
        with Image.open(file) as picture:
            assert picture.size == (64, 64)
    # The rest of the answer is as it was.
    apart = {"explanation"}
    assert to_files(odd, tmp_path, "s").model_dump(exclude=apart) == answer.model_dump(
        exclude=apart
    )
