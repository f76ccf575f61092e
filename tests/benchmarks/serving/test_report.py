"""The report compares what can be compared, and says which aims are met."""

import json

from benchmarks.serving.aims import ALTERNATIVES, CLIENTS
from benchmarks.serving.contenders import EAGER, LITSERVE, ONNX, SERVICE
from benchmarks.serving.figures import Figures, Process, Results
from benchmarks.serving.load import Load
from benchmarks.serving.process import Memory
from benchmarks.serving.report import Report


def _load(per_second: int, latency: float = 0.01, not_ok: int = 0) -> Load:
    return Load(1.0, [latency] * per_second, not_ok=not_ok)


def _report(
    service: dict[int, Load], others: dict[str, int], *, start: float = 1.0, peak: int = 250
) -> Report:
    loads = [Figures("bare", 1, [_load(120)]), Figures("bare", 2, [_load(200)])]
    loads += [Figures(SERVICE, clients, [load]) for clients, load in service.items()]
    loads += [
        Figures(name, clients, [_load(rate)])
        for name, rate in others.items()
        for clients in CLIENTS
    ]
    memory = Memory(200_000_000, peak * 1_000_000)
    processes = [Process(SERVICE, "2 workers", [start, start, 9.0], [memory])]
    return Report({"cores": 2}, Results(loads, processes), 2)


GOOD = {1: _load(95), 4: _load(165), 16: _load(160), 64: _load(150, 0.4)}
SLOWER = {ONNX: 100, EAGER: 60, LITSERVE: 90}


def test_all_aims_can_be_met() -> None:
    report = _report(GOOD, SLOWER)
    assert len(report.aims()) == 8
    assert all(aim.met for aim in report.aims())
    assert report.ratios()["bare"]["4"] == 0.825
    assert report.ratios()[ONNX] == {"1": 0.95, "4": 1.65, "16": 1.6, "64": 1.5}


def test_each_aim_can_be_missed() -> None:
    bad = {1: _load(80), 4: _load(155), 16: _load(160), 64: _load(99, not_ok=1)}
    report = _report(bad, {**SLOWER, ONNX: 100}, start=1.6, peak=301)
    missed = [aim.wanted for aim in report.aims() if not aim.met]
    assert missed == [
        f"at 1 client, at least 90% of the rate of {ONNX}",
        f"from 4 clients, ahead of {ONNX}",
        "at 64 clients, no timeout",
        "ready within 1.5 s of the start of its process",
        "at most 300 MB",
    ]
    far = _report({c: _load(159) for c in CLIENTS}, {})
    assert [aim.met for aim in far.aims() if "bare" in aim.wanted] == [False]


def test_a_timeout_is_no_throughput_and_counts_in_the_percentiles() -> None:
    figures = Figures(SERVICE, 64, [Load(1.0, [0.1] * 97, unanswered=[2.5, 2.5, 1.0], broken=2)])
    assert figures.failures == {"timeouts": 2, "not_ok": 0, "broken": 2}
    assert figures.latency_ms(50) == 100
    assert figures.latency_ms(99) == 2500
    assert figures.per_second == 97


def test_what_was_not_measured_is_left_out() -> None:
    report = _report({1: _load(95)}, {ONNX: 100})
    told = {aim.wanted for aim in report.aims()}
    assert not any("64 clients" in wanted or LITSERVE in wanted for wanted in told)
    assert set(report.ratios()) == {"bare", ONNX}
    assert report.ratios()[ONNX] == {"1": 0.95}
    assert Report({}, Results([], []), 2).aims() == ()


def test_figures_are_medians_of_rounds() -> None:
    figures = Figures(SERVICE, 4, [_load(100), _load(110), _load(30)])
    assert figures.per_second == 100
    memory = [Memory(1_000_000, 3_000_000), Memory(2_000_000, 5_000_000)]
    process = Process(SERVICE, "", [1.0, 1.2], memory)
    assert (process.start_s, process.loaded_mb, process.peak_mb) == (1.1, 1.5, 5.0)


def test_tables_and_json_tell_the_same() -> None:
    report = _report({**GOOD, 64: _load(150, 0.4, not_ok=7)}, SLOWER)
    told = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    (many,) = [x for x in told["loads"] if (x["contender"], x["clients"]) == (SERVICE, 64)]
    assert (many["not_ok"], many["median_ms"], many["requests_per_second"]) == (7, 400, 150)
    assert [aim["met"] for aim in told["aims"]].count(False) == 1
    text = report.to_markdown()
    assert f"| {SERVICE} | 64 | 150.0 | 400.0 | 400.0 | 7 not ok |" in text
    assert f"| {ONNX} | 0.95 | 1.65 | 1.60 | 1.50 |" in text
    assert f"| {SERVICE} | 1.00 | 200 | 250 | 2 workers |" in text
    assert "| at 64 clients, no timeout | 0 timeouts, 7 not ok, 0 broken | **no** |" in text
    assert set(ALTERNATIVES) <= set(told["ratios"])
