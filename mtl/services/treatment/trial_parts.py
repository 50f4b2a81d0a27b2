"""The sections of a target trial's report: sentences, tables and pictures in the order in which they are read."""

from __future__ import annotations

from dataclasses import dataclass

from mtl.figures import trial as figures
from mtl.figures.palette import Palette
from mtl.language import _, number, percent, study_language
from mtl.services.treatment import trial_words as words
from mtl.store.trials import KeptTrial
from mtl.study import Study, Text
from mtl.treatment.balance import NOTABLE
from mtl.treatment.emulate import Result


@dataclass(frozen=True)
class Part:
    """A section: a name for the program, its heading, sentences, a table (heads and rows), and a picture for the page."""

    name: str
    title: str
    sentences: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    picture: str = ""


def names() -> tuple[str, str]:
    """What the arms are called."""
    return _("treated"), _("untreated")


def protocol_part(kept: KeptTrial, study: Study, title: Text) -> Part:
    """The protocol as a table: what the trial would have been, and how the cohort stands in for it."""
    result, asked = kept.result, kept.result.protocol
    rows = [
        (
            _("Cohort"),
            _("{name}, {count} patients").format(name=title.get(study_language()), count=number(kept.n)),
        ),
        (_("Eligible"), words.eligible(asked)),
        (_("Compared"), words.comparison(study, asked)),
        (_("Time zero"), _("the beginning of the cohort's follow-up")),
        (_("Outcome"), study.task(asked.outcome).title(study_language())),
        (_("Horizon"), words.years(asked.horizon)),
        (_("Adjusted for"), words.findings(study, result.confounders)),
    ]
    if result.unmeasured:
        rows.append((_("Not recorded here"), words.findings(study, result.unmeasured)))
    if result.propensity:
        rows.append((_("Propensity"), _(words.SOURCES[result.propensity])))
    return Part("protocol", _("Protocol"), (), (), tuple(rows))


def flow_part(kept: KeptTrial) -> Part:
    """Who was left out, and who was analysed."""
    result = kept.result
    rows = [(_("All patients of the cohort"), "", number(kept.n))]
    rows += [(words.step(one), number(one.removed), number(one.left)) for one in result.flow]
    treated = _("{count} treated, {events} events").format(
        count=number(result.treated), events=number(result.events_treated)
    )
    untreated = _("{count} untreated, {events} events").format(
        count=number(result.untreated), events=number(result.events_untreated)
    )
    sentence = _("Analysed: {treated}; {untreated}.").format(treated=treated, untreated=untreated)
    return Part(
        "patients",
        _("Patients"),
        (sentence,),
        (_("Left out"), _("Patients left out"), _("Stay")),
        tuple(rows),
    )


def estimates(result: Result) -> list[figures.Estimate]:
    """The hazard ratios, for the picture and the table."""
    return [
        figures.Estimate(
            _(words.METHODS[one.method]), words.ratio_of(one), one.value, one.low, one.high,
            _(words.EXPLAINED[one.method]), one.method == "overlap",
        )
        for one in result.ratios
    ]  # fmt: skip


def lines(result: Result, study: Study) -> list[figures.Line]:
    """The balance, the most unequal first."""
    ordered = sorted(result.balance, key=lambda one: (not one.adjusted, -abs(one.before)))
    return [figures.Line(words.imbalance(study, one), one.before, one.after, one.adjusted) for one in ordered]


def difference_rows(result: Result) -> tuple[tuple[str, ...], ...]:
    """The doubly robust differences as a table."""
    return tuple(
        (
            words.quantity(one, result.protocol),
            _(words.POPULATIONS[one.population]),
            words.difference(one),
            words.robustness(one),
        )
        for one in result.differences
    )


def difference_heads() -> tuple[str, ...]:
    """The heads of that table."""
    return (
        _("Difference, treated less untreated"),
        _("Population"),
        _("Estimate (95 % interval)"),
        _("Robustness value"),
    )


def subgroup_rows(result: Result) -> tuple[tuple[str, ...], ...]:
    """The exploration as a table."""
    none = _("fewer than 20 in an arm")
    return tuple(
        (
            words.subgroup(one),
            number(one.treated),
            number(one.untreated),
            words.ratio(*one.ratio) if one.ratio is not None else none,
            words.ratio(*one.difference) if one.difference is not None and one.holds else "",
        )
        for one in result.subgroups
    )


def subgroup_heads() -> tuple[str, ...]:
    """The heads of that table."""
    return (
        _("Subgroup"),
        _("Treated"),
        _("Untreated"),
        _("Hazard ratio, overlap weights"),
        _("Ratio of the two"),
    )


def parts(kept: KeptTrial, study: Study, title: Text, colours: Palette) -> list[Part]:
    """Everything that is known, in the order in which it is read."""
    result = kept.result
    out = [protocol_part(kept, study, title), flow_part(kept)]
    if result.refusal is not None:
        out.append(Part("refusal", _("No answer"), (words.refused(result.refusal),)))
    if result.overlap is not None:
        seen = result.overlap
        bins = [f"{percent(i / 20)}–{percent((i + 1) / 20)}" for i in range(len(seen.treated))]
        rows = tuple(zip(bins, map(number, seen.treated), map(number, seen.untreated), strict=True))
        picture = figures.overlap(seen.treated, seen.untreated, names()).html
        heads = (_("Propensity"), _("Treated"), _("Untreated"))
        out.append(Part("overlap", _("Overlap"), (words.overlap(result),), heads, rows, picture))
        told = lines(result, study)
        rows = tuple((one.label, number(one.before, 2), number(one.after, 2)) for one in told)
        heads = (_("Finding"), _("Before weighting"), _("After weighting"))
        out.append(
            Part(
                "balance",
                _("Balance"),
                (words.balance(result),),
                heads,
                rows,
                figures.love(told, NOTABLE).html,
            )
        )
    if result.ratios:
        shown = estimates(result)
        rows = tuple((one.label, one.printed, one.note) for one in shown)
        heads = (_("Method"), _("Hazard ratio (95 % interval)"), "")
        picture = figures.forest(shown, ratio=True).html
        sentences = [words.headline(result)]
        if result.e_value is not None:
            sentences.append(words.explain_e_value(result.e_value))
        out.append(Part("ratio", _("Hazard ratio"), tuple(sentences), heads, rows, picture))
    if result.curves is not None:
        at = result.curves
        picture = figures.survival(
            at.years, at.treated, at.untreated, result.protocol.horizon, names(), colours
        ).html
        followed = zip(at.at, at.followed_treated, at.followed_untreated, strict=True)
        rows = tuple((number(year), number(one), number(other)) for year, one, other in followed)
        heads = (_("Years"), _("Treated, still followed"), _("Untreated, still followed"))
        out.append(Part("survival", _("Survival"), (), heads, rows, picture))
    if result.differences:
        out.append(
            Part(
                "differences",
                _("Doubly robust differences"),
                (words.explain_robustness(),),
                difference_heads(),
                difference_rows(result),
            )
        )
    if result.subgroups:
        out.append(
            Part("subgroups", _("Subgroups"), (words.exploration(),), subgroup_heads(), subgroup_rows(result))
        )
    out.append(Part("limits", _("What this cannot say"), tuple(words.limits())))
    return out


def heading(kept: KeptTrial, study: Study) -> str:
    """The trial's question."""
    asked = kept.result.protocol
    return _("Target trial: {comparison}; {outcome} within {time}").format(
        comparison=words.comparison(study, asked),
        outcome=study.task(asked.outcome).title(study_language()),
        time=words.years(asked.horizon),
    )


def facts(result: Result) -> list[tuple[str, str]]:
    """The main numbers with what they are: hazard ratio, the two differences in the overlap, E-value."""
    out = [(words.ratio_of(result.ratio("overlap")), _("hazard ratio, overlap weights"))]
    for one in result.differences:
        if one.population == "overlap":
            out.append((words.difference(one), words.short_quantity(one, result.protocol)))
    return out
