"""The applications beside the service are as short as they are said to be."""

import ast
from pathlib import Path

import pytest

SERVING = Path(__file__).parents[3] / "benchmarks" / "serving"


@pytest.mark.parametrize("name", ["eager_app.py", "onnx_app.py"])
def test_it_is_thirty_lines_of_code_at_most(name: str) -> None:
    text = (SERVING / name).read_text("utf-8")
    docstring = ast.parse(text).body[0]
    code = [line for line in text.splitlines()[docstring.end_lineno :] if line.strip()]
    assert len(code) <= 30
