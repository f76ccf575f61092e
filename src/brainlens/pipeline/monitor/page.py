"""The report on a service's records, as one HTML page that loads nothing."""

from typing import Final

from brainlens.evaluation.report.section import facts, grid, plots, section
from brainlens.evaluation.report.wording import counted, interval, percent
from brainlens.html.document import document, style_of
from brainlens.html.element import Html, Part, element
from brainlens.pipeline.monitor.drift import LEAST, Drift
from brainlens.pipeline.monitor.monitoring import STATUSES, ModelMonitoring, Monitoring
from brainlens.pipeline.monitor.plots import confidence_plot, distance_plot, volume_plot
from brainlens.server.moments import iso
from brainlens.words import DISCLAIMER, NOT_A_DEVICE

_STYLE: Final = "brainlens.evaluation.report"
_NONE_OF_THEM: Final = "none of the classes"
_NEVER: Final = (
    "How often the model is right: nobody looked at most answers, and conclusions are given on "
    "those that somebody chose.",
    "Which slices are of one patient. Slices of one examination are alike, so true intervals are "
    "wider than those here, and chance alone moves distributions further than is said.",
    "Why something moved. Another scanner, another ward, another habit of picking slices and a "
    "fault all look the same here: look at the slices.",
)


def page(monitoring: Monitoring) -> str:
    """Return the page.

    Raises
    ------
    MissingExtra
        If matplotlib is not installed.
    """
    stretch = f"{iso(monitoring.since_us)[:16]} to {iso(monitoring.until_us)[:16]} UTC"
    told = [
        element("li", element("b", words), element("span", text), class_=weight)
        for weight, words, text in remarks(monitoring)
    ]
    return document(
        "What the service did",
        element("p", "BrainLens monitor", class_="soft"),
        element("h1", "What the service did"),
        element("p", f"{stretch} · {counted(monitoring.n_records, 'record')}", class_="soft"),
        element("p", DISCLAIMER, class_="aid"),
        *([element("ul", *told, class_="verdict")] if told else []),
        *(part for model in monitoring.models for part in _model(model)),
        section(
            "What this report does not say", element("ul", *(element("li", s) for s in _NEVER))
        ),
        element("footer", NOT_A_DEVICE),
        style=style_of(_STYLE),
    )


def remarks(monitoring: Monitoring) -> list[tuple[str, str, str]]:
    """Return what is to be minded: its weight, its weight in words, and what it is."""
    if not monitoring.models:
        return [("note", "Note", "There are no records in this stretch of time.")]
    found = []
    for model in monitoring.models:
        if model.reference is None:
            text = "Its bundle is not at hand, so its records are held against nothing."
            found.append(("note", "Note", f"{model.title}: {text}"))
            continue
        for what, drift in (("Confidences", model.confidence), ("Distances", model.distance)):
            if drift is not None and drift.beyond_chance:
                text = f"{what} moved: {_moved(drift)}."
                found.append(("doubt", "Mind this", f"{model.title}: {text}"))
        missing = [
            name
            for name, there in (
                ("confidences", model.reference.above),
                ("distances", model.reference.distances),
            )
            if not there
        ]
        if missing:
            text = f"Its bundle carries no reference of {' and '.join(missing)}."
            found.append(("note", "Note", f"{model.title}: {text}"))
    return found


def _moved(drift: Drift) -> str:
    return (
        f"{percent(drift.below_records)} of {counted(drift.n_records, 'record')} lie below "
        f"{drift.at:.3g}, and {percent(drift.below_reference)} where the model was measured"
    )


def _model(model: ModelMonitoring) -> list[Html]:
    return [
        section(
            f"{model.title}: how much, and how much of it is answered",
            facts(_volume(model)),
            plots((volume_plot(model), "Records by day and status; the table says the same.")),
            element("details", element("summary", "By day"), _days(model)),
        ),
        section(f"{model.title}: which classes", *_classes(model)),
        section(f"{model.title}: agreement with conclusions", *_agreement(model)),
        section(f"{model.title}: has something moved?", *_drift(model)),
    ]


def _volume(model: ModelMonitoring) -> list[tuple[str, Part]]:
    measured = None if model.reference is None else model.reference.answer_rate
    rows: list[tuple[str, Part]] = [
        *((status, f"{model.tally.count(status):,}") for status in STATUSES),
        ("answer rate", percent(model.answer_rate)),
    ]
    if measured is not None:
        rows.append(("answer rate where it was measured", percent(measured)))
    reasons = (f"{name} {n:,}" for name, n in model.tally.reasons.most_common())
    return [*rows, ("reasons for no answer", ", ".join(reasons) or "none")]


def _days(model: ModelMonitoring) -> Html:
    rows: list[tuple[Part, ...]] = [
        (day.isoformat(), *(counts[status] for status in STATUSES))
        for day, counts in model.by_day()
    ]
    return grid(("day (UTC)", *STATUSES), rows)


def _classes(model: ModelMonitoring) -> list[Html | str]:
    known = {} if model.reference is None else model.reference.classes
    mix = model.class_mix()
    rows: list[tuple[Part, ...]] = [
        (name, f"{model.tally.classes[name]:,}", percent(mix.get(name)), percent(known.get(name)))
        for name in sorted({*mix, *known})
    ]
    return [
        "Of the answered. The mix where the model was measured is that of its test slices, which "
        "were chosen; a ward has its own.",
        grid(("class", "answered", "share", "share where it was measured"), rows),
    ]


def _agreement(model: ModelMonitoring) -> list[Html | str]:
    found = model.agreement
    if not found.n_concluded and not found.abstained:
        return ["No professional's conclusion is on record."]
    said = (
        f"{counted(found.n_concluded, 'answered prediction')} of {found.n_answered:,} "
        f"have a conclusion; {found.n_agreed:,} of those agree"
    )
    if found.share is not None:
        said += f" ({percent(found.share)}, 95 % interval {interval(found.interval)})"
    rows: list[tuple[Part, ...]] = [
        (answered, concluded or _NONE_OF_THEM, n)
        for (concluded, answered), n in sorted(
            found.table.items(), key=lambda item: (item[0][1], item[0][0] or "")
        )
    ]
    unsure: list[tuple[Part, ...]] = [
        (concluded or _NONE_OF_THEM, n)
        for concluded, n in sorted(found.abstained.items(), key=lambda item: item[0] or "")
    ]
    return [
        said + ". Of several conclusions about one prediction the last counts.",
        grid(("answered", "concluded", "predictions"), rows),
        *(
            [element("h3", "Where it abstained"), grid(("concluded", "predictions"), unsure)]
            if unsure
            else []
        ),
    ]


def _drift(model: ModelMonitoring) -> list[Html | str]:
    _, confidences = model.tally.confidences()
    _, distances = model.tally.distances()
    reference = model.reference
    pictures = []
    if len(confidences):
        above = () if reference is None else reference.above
        pictures.append((confidence_plot(confidences, above), "Share of slices by confidence."))
    if len(distances):
        quantiles = () if reference is None else reference.distances
        pictures.append((distance_plot(distances, quantiles), "Share of slices by distance."))
    rows: list[tuple[Part, ...]] = []
    for what, drift, n in (
        ("confidence", model.confidence, len(confidences)),
        ("distance", model.distance, len(distances)),
    ):
        if drift is None:
            rows.append((what, f"{n:,}", "–", "–", "–", "–"))
        else:
            rows.append(
                (
                    what,
                    f"{drift.n_records:,}",
                    percent(abs(drift.difference)),
                    f"{drift.at:.3g}",
                    f"{percent(drift.below_records)} / {percent(drift.below_reference)}",
                    percent(drift.by_chance),
                )
            )
    head = ("", "records", "moved", "most at", "below it, here / measured", "by chance")
    return [
        "The largest difference between two shares: of the records below a value, and of the "
        "slices below it that the bundle was measured on. Confidences are those that only the "
        "threshold could hold back. “By chance” is what chance exceeds in one of twenty cases, "
        f"were all slices independent. Below {LEAST} records nothing is said.",
        grid(head, rows),
        *([plots(*pictures)] if pictures else []),
    ]
