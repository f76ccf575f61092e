"""The service benchmark's report: ratios, a Markdown table, JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measure import Timings


@dataclass(frozen=True)
class Report:
    """Everything that a reader needs to believe, and to repeat, the figures.

    Attributes
    ----------
    facts
        Machine, versions, threads, bundle, images, agreement: whatever is no timing.
    timings
        Every contender with every number of clients.
    service, eager
        Names of the service and of the yardstick in ``timings``.
    alone, side_by_side
        Names of the bare contender with one caller, and with as many callers as cores.
    """

    facts: Mapping[str, object]
    timings: Sequence[Timings]
    service: str
    eager: str
    alone: str
    side_by_side: str

    def find(self, contender: str, clients: int | None = None) -> Timings:
        """Return the timings of a contender, by default those with the fewest clients."""
        return next(
            t for t in self.timings if t.contender == contender and clients in (None, t.clients)
        )

    def ratios(self) -> dict[str, float]:
        """Return the service beside the bare work and beside the yardstick, as factors."""
        one = self.find(self.service).percentile_ms(50)
        found = {
            "latency, service / bare, 1 client": one / self.find(self.alone).percentile_ms(50),
            "latency, service / eager, 1 client": one / self.find(self.eager).percentile_ms(50),
        }
        ceiling = self.find(self.side_by_side).per_second
        for timings in self.timings:
            if timings.contender == self.service and timings.clients > 1:
                n, rate = timings.clients, timings.per_second
                eager = self.find(self.eager, n).per_second
                found[f"requests/s, service / bare, {n} clients"] = rate / ceiling
                found[f"requests/s, service / eager, {n} clients"] = rate / eager
        return {name: round(value, 3) for name, value in found.items()}

    def to_dict(self) -> dict[str, object]:
        """Return what the JSON file holds."""
        results = [timings.to_dict() for timings in self.timings]
        return {"schema": 1, **self.facts, "results": results, "ratios": self.ratios()}

    def to_markdown(self) -> str:
        """Return the tables for people."""
        lines = [f"- {name}: {_in_words(fact)}" for name, fact in self.facts.items()]
        lines += ["", "| | clients | median ms | 95 % below ms | requests/s | requests |"]
        lines += ["| --- | ---: | ---: | ---: | ---: | ---: |"]
        lines += [
            f"| {t.contender} | {t.clients} | {t.percentile_ms(50):.1f} "
            f"| {t.percentile_ms(95):.1f} | {t.per_second:.1f} | {len(t.latencies)} |"
            for t in self.timings
        ]
        lines += ["", "| ratio | |", "| --- | ---: |"]
        lines += [f"| {name} | {value:.2f} |" for name, value in self.ratios().items()]
        return "\n".join(lines) + "\n"


def _in_words(fact: object) -> str:
    if isinstance(fact, Mapping):
        return ", ".join(f"{name} {value}" for name, value in fact.items())
    return str(fact)
