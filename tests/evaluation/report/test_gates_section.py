from brainlens.evaluation.gate_effect import GateEffect
from brainlens.evaluation.ratio import Ratio
from brainlens.evaluation.report.gates_section import gates

WITHOUT = {
    "answer_rate": Ratio(0.9, (0.85, 0.95), 40, 10),
    "error_among_answered": Ratio(0.1, (0.05, 0.2), 36, 10),
    "confident_correct": Ratio(0.81, None, 40, 10),
}
WITH = {
    "answer_rate": Ratio(0.8, (0.7, 0.85), 40, 10),
    "error_among_answered": Ratio(None, None, 0, 0),
    "confident_correct": Ratio(0.75, (0.6, 0.8), 40, 10),
}


def test_both_columns_and_each_reason_in_words() -> None:
    text = str(gates(GateEffect(40, {"out_of_distribution": 3}, 3, 2, WITH, WITHOUT)))
    assert "objected to 3 slices of 40; of those, 2 would have been answered rightly" in text
    assert "90.0\N{NO-BREAK SPACE}%" in text
    assert "80.0\N{NO-BREAK SPACE}%" in text
    assert "unlike those the model was trained on." in text
    assert "7.5\N{NO-BREAK SPACE}%" in text


def test_without_objections_there_is_no_table_of_reasons() -> None:
    text = str(gates(GateEffect(40, {}, 0, 0, WITH, WITHOUT)))
    assert "what it says" not in text
