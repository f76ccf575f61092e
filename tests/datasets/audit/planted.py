"""A set with everything wrong in it that an audit looks for."""

import shutil
from pathlib import Path

from PIL import Image

from brainlens.datasets.phantom.write import write_phantoms

HOSTILE = '"><img src=x onerror=alert(1)>\nnom très long.png'


def plant(root: Path) -> Path:
    """Write phantoms in class folders, then plant copies, contradictions and bad files.

    Of glioma: 5 slices in test as smaller JPEG copies. Of meningioma: one in train as pituitary
    too, one in test as glioma; 20 files as JPEG, so that the format gives the class away.
    """
    write_phantoms(root, 110, 5, size=128, copies=4, layout="folders")
    train, test = root / "train", root / "test"
    gliomas, meningiomas = (sorted((train / name).iterdir()) for name in ("glioma", "meningioma"))
    for i, file in enumerate(gliomas[:5]):
        with Image.open(file) as image:
            image.resize((100, 100)).save(test / "glioma" / f"near-{i}.jpg", quality=85)
    shutil.copy(meningiomas[0], train / "pituitary" / "contradiction.png")
    shutil.copy(meningiomas[1], test / "glioma" / HOSTILE)
    for file in meningiomas[2:]:
        with Image.open(file) as image:
            image.save(file.with_suffix(".jpg"), quality=90)
        file.unlink()
    _bad_files(train, gliomas)
    return root


def _bad_files(train: Path, gliomas: list[Path]) -> None:
    folder = train / "glioma"
    (folder / "empty.png").write_bytes(b"")
    (folder / "notes.txt").write_text("text")
    (folder / "deeper").mkdir()
    (folder / "cut.png").write_bytes(gliomas[7].read_bytes()[:900])
    Image.new("L", (128, 128), 7).save(folder / "constant.png")
    Image.linear_gradient("L").resize((20, 20)).save(folder / "tiny.png")
    with Image.open(gliomas[8]) as image:
        image.save(folder / "wrong.jpg", format="PNG")
    Image.linear_gradient("L").convert("RGB").transpose(Image.Transpose.ROTATE_90).save(
        folder / "colour.png"
    )
    with Image.open(folder / "colour.png") as image:
        image.paste((255, 0, 0), (10, 10, 60, 60))
        image.save(folder / "colour.png")
    Image.new("L", (10001, 10000)).save(train / "pituitary" / "huge.png")
    outside = train.parent.parent / "outside.png"
    outside.write_bytes(gliomas[9].read_bytes())
    (folder / "linked.png").symlink_to(outside)
    (folder / "broken.png").symlink_to("nowhere")
