"""The report: tables for people, JSON for programs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.serving.aims import ALTERNATIVES, CLIENTS, Aim, aims
from benchmarks.serving.contenders import SERVICE
from benchmarks.serving.figures import Results

from benchmarks.serving import bare


@dataclass(frozen=True)
class Report:
    """Everything that a reader needs to believe, and to repeat, the figures.

    Attributes
    ----------
    facts
        Machine, versions, bundle, images, agreement, rounds: whatever was not measured.
    results
        What was.
    cores
        Cores of the machine, which is the number of callers of the bare work.
    """

    facts: Mapping[str, object]
    results: Results
    cores: int

    def aims(self) -> tuple[Aim, ...]:
        """Return what the service ought to reach, and whether it does."""
        return aims(self.results, self.cores)

    def ratios(self) -> dict[str, dict[str, float]]:
        """Return the service's rate over each other's, by contender and clients."""
        found: dict[str, dict[str, float]] = {}
        for other in (bare.NAME, *ALTERNATIVES):
            # The bare work has no clients: as many callers as cores is the most it does.
            of = self.cores if other == bare.NAME else None
            ratios = {c: self.results.ratio(SERVICE, other, c, of) for c in CLIENTS}
            told = {str(c): round(ratio, 3) for c, ratio in ratios.items() if ratio is not None}
            if told:
                found[other] = told
        return found

    def to_dict(self) -> dict[str, object]:
        """Return what the JSON file holds."""
        return {
            "schema": 1,
            **self.facts,
            "loads": [figures.to_dict() for figures in self.results.loads],
            "processes": [process.to_dict() for process in self.results.processes],
            "ratios": self.ratios(),
            "aims": [{"wanted": a.wanted, "found": a.found, "met": a.met} for a in self.aims()],
        }

    def to_markdown(self) -> str:
        """Return the tables for people."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield from (f"- {name}: {_in_words(fact)}" for name, fact in self.facts.items())
        yield from ("", "| | clients | requests/s | median ms | 99 % below ms | failures |")
        yield "| --- | ---: | ---: | ---: | ---: | --- |"
        for f in self.results.loads:
            failures = ", ".join(f"{n} {w.replace('_', ' ')}" for w, n in f.failures.items() if n)
            yield (
                f"| {f.contender} | {f.clients} | {f.per_second:.1f} | {f.latency_ms(50):.1f} "
                f"| {f.latency_ms(99):.1f} | {failures or 'none'} |"
            )
        yield from ("", "| | ready after s | MB after load | MB at most | threads |")
        yield "| --- | ---: | ---: | ---: | --- |"
        for p in self.results.processes:
            yield (
                f"| {p.contender} | {p.start_s:.2f} | {p.loaded_mb:.0f} | {p.peak_mb:.0f} "
                f"| {p.threads} |"
            )
        yield from ("", f"| requests/s, {SERVICE} / … | " + " | ".join(_clients()) + " |")
        yield "| --- |" + " ---: |" * len(CLIENTS)
        for other, ratios in self.ratios().items():
            cells = [f"{ratios[str(c)]:.2f}" if str(c) in ratios else "–" for c in CLIENTS]
            yield f"| {other} | " + " | ".join(cells) + " |"
        yield from ("", "| aim | measured | met |", "| --- | --- | --- |")
        for aim in self.aims():
            yield f"| {aim.wanted} | {aim.found} | {'yes' if aim.met else '**no**'} |"


def _clients() -> Iterator[str]:
    return (f"{n} client" if n == 1 else f"{n} clients" for n in CLIENTS)


def _in_words(fact: object) -> str:
    if isinstance(fact, Mapping):
        return ", ".join(f"{name} {value}" for name, value in fact.items())
    return str(fact)
