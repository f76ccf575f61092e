"""The notebook of the whole path, executed as a reader would execute it."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "whole_path.ipynb"


def test_it_is_kept_without_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    folder = tmp_path_factory.mktemp("notebook")
    notebook: NotebookNode = nbformat.read(  # type: ignore[no-untyped-call]  # it has no types
        NOTEBOOK, as_version=4
    )
    with pytest.MonkeyPatch.context() as patch:
        # What it makes in a temporary folder of its own goes where tests' folders are removed.
        patch.setenv("TMPDIR", str(folder))
        # Raises at the first cell that fails.
        NotebookClient(
            notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": folder}}
        ).execute()
    return notebook


def said(notebook: NotebookNode, code: str) -> str:
    """Return what the cell that contains ``code`` shows, as text."""
    cells = [c for c in notebook.cells if c.cell_type == "code" and code in c.source]
    assert len(cells) == 1, code
    shown = [output.data for output in cells[0].outputs if output.output_type == "execute_result"]
    return "".join(str(data.get("text/markdown", data.get("text/plain"))) for data in shown)


def pictures(notebook: NotebookNode) -> int:
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    return sum("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.system
def test_it_refuses_the_leak_and_then_splits_cleanly(executed: NotebookNode) -> None:
    refusal = said(executed, "except LeakySplit")
    assert "30 " in refusal
    assert "--allow-leaky-split" in refusal
    assert said(executed, "check_split(grouped)").startswith("> Clean split")


@pytest.mark.system
def test_it_shows_slices_curves_and_confusion(executed: NotebookNode) -> None:
    assert pictures(executed) == 3


@pytest.mark.system
def test_it_has_learned_something(executed: NotebookNode) -> None:
    figures = said(executed, "overall_rows(evaluation.all)")
    match = re.search(r"\| accuracy \| ([\d.]+) \| ([\d.]+) – ([\d.]+) \|", figures)
    assert match is not None, figures
    accuracy, low, high = (float(value) for value in match.groups())
    # Three classes of equal size: guessing gives a third.
    assert accuracy > 0.6
    assert low <= accuracy <= high


@pytest.mark.system
def test_it_abstains_when_unsure(executed: NotebookNode) -> None:
    assert said(executed, "least_sure =").startswith("abstained (low_confidence): ")
    shares = re.findall(r"\| [\d.]+ \| ([\d.]+) \|", said(executed, "for threshold in"))
    answered = [float(share) for share in shares]
    assert answered[0] == 1
    assert answered == sorted(answered, reverse=True)
    assert answered[-1] < 1
