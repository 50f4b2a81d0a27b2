"""How a target trial is put into words: its question, its flow, its numbers, why it is refused, what it cannot say."""

from __future__ import annotations

from mtl.language import N_, _, number, percent, signed, span, study_language
from mtl.study import Study
from mtl.treatment.balance import NOTABLE, Imbalance
from mtl.treatment.emulate import Ratio, Result
from mtl.treatment.protocol import Protocol, Refusal, Step
from mtl.treatment.robust import Difference
from mtl.treatment.subgroups import Subgroup

METHODS = {
    "crude": N_("Crude"),
    "adjusted": N_("Adjusted by Cox regression"),
    "overlap": N_("Overlap weights"),
    "overlap_logistic": N_("Overlap weights, plain logistic propensity"),
    "inverse": N_("Inverse weights, stabilised"),
}
EXPLAINED = {
    "crude": N_("the arms as they were"),
    "adjusted": N_("every confounder in the regression beside the treatment"),
    "overlap": N_("the main estimate; patients for whom either choice was made count most"),
    "overlap_logistic": N_("the same with the simplest propensity, as a check"),
    "inverse": N_("speaks for everybody eligible; unstable where overlap is poor"),
}
POPULATIONS = {
    "overlap": N_("in the overlap"),
    "everybody": N_("in everybody eligible"),
}
STEPS = {
    "eligible": N_("not eligible"),
    "unknown_eligible": N_("eligibility unknown"),
    "treatment": N_("treatment of neither arm, or unknown"),
    "outcome": N_("outcome unknown"),
}
SOURCES = {
    "model": N_("the model's treatment task, each patient by the fold that left the patient out"),
    "fitted": N_(
        "the model's treatment task, fitted to these patients alone, each by a fit that left the patient out"
    ),
}
REFUSALS = {
    "nobody": N_("Nobody is left to compare: no patient is eligible with treatment and outcome known."),
    "no_treated": N_(
        "None of these patients had the treatment. There is nothing to compare here, and no model can make up for it."
    ),
    "no_untreated": N_(
        "All of these patients had the treatment. There is nothing to compare here, and no model can make up for it."
    ),
    "few_treated": N_("Only {count} treated patients; at least {needed} are needed."),
    "few_untreated": N_("Only {count} untreated patients; at least {needed} are needed."),
    "few_events": N_("Only {count} events by the horizon; at least {needed} are needed."),
    "horizon": N_(
        "Only {count} patients of one arm are still followed at the horizon; at least {needed} are needed. "
        "Choose an earlier one."
    ),
    "no_findings": N_(
        "These patients have no finding from before the treatment: nothing can be adjusted for."
    ),
    "no_overlap": N_(
        "Treated and untreated patients are too different: in one arm only {count} have a propensity between "
        "10 % and 90 %; at least {needed} are needed."
    ),
}
MONTHS = 12


def limits() -> list[str]:
    """What an emulated trial cannot say, whatever its numbers."""
    return [
        _("Treatment was chosen, not drawn by lot. What was not measured and bore on the choice is not adjusted for."),
        _("Other treatments given at the same time are shown in the balance but not adjusted for."),
        _(
            "Time begins where the cohort's follow-up begins: somebody who did not live or stay long enough "
            "to start the treatment counts as untreated."
        ),
        _("Censoring is taken to say nothing about the outcome within each arm."),
        _("The result speaks for these patients at that time; it is no advice for a patient today."),
    ]  # fmt: skip


def treatment_name(study: Study, protocol: Protocol) -> str:
    """The treatment, in the reader's language."""
    return study.treatment(protocol.treatment).title(study_language())


def comparison(study: Study, protocol: Protocol) -> str:
    """What is compared with what."""
    treatment = study.treatment(protocol.treatment)
    name = treatment.title(study_language())
    if not protocol.given:
        return _("{treatment}: given against not given").format(treatment=name)
    words = {level.text: level.get(study_language()) for level in treatment.levels}
    one, other = (_(", ").join(words[v] for v in side) for side in (protocol.given, protocol.against))
    return _("{treatment}: {one} against {other}").format(treatment=name, one=one, other=other)


def eligible(protocol: Protocol) -> str:
    """Who may take part: the condition as it was written."""
    return protocol.eligibility.strip() or _("everybody")


def years(count: float) -> str:
    """Write a horizon."""
    return _("{count} years").format(count=number(count)) if count != 1 else _("1 year")


def findings(study: Study, names: tuple[str, ...]) -> str:
    """Confounders by their names in the reader's language."""
    return _(", ").join(study.feature(name).title(study_language()) for name in names)


def refused(found: Refusal) -> str:
    """Why there is no answer, in a sentence."""
    return _(REFUSALS[found.reason]).format(count=number(found.count), needed=number(found.needed))


def step(one: Step) -> str:
    """Why patients left the flow."""
    return _(STEPS[one.reason])


def ratio(value: float, low: float, high: float) -> str:
    """A ratio with its interval.

    >>> ratio(0.724, 0.579, 0.906)
    '0.72 (0.58 to 0.91)'
    """
    return _("{value} ({interval})").format(value=number(value, 2), interval=span(low, high, 2))


def ratio_of(one: Ratio) -> str:
    """A hazard ratio, or that there is none."""
    if one.value is None or one.low is None or one.high is None:
        return _("not estimable")
    return ratio(one.value, one.low, one.high)


def quantity(one: Difference, protocol: Protocol) -> str:
    """What a difference is of."""
    if one.quantity == "survival":
        words = _("Without the event at {time}, difference in percentage points")
    else:
        words = _("Time without the event within {time}, difference in months")
    return words.format(time=years(protocol.horizon))


def short_quantity(one: Difference, protocol: Protocol) -> str:
    """What a difference is of, in few words."""
    if one.quantity == "survival":
        return _("points more without the event at {time}").format(time=years(protocol.horizon))
    return _("months more without the event within {time}").format(time=years(protocol.horizon))


def amounts(one: Difference) -> tuple[float, float, float]:
    """A difference and its limits in the unit it is printed in: percentage points, or months."""
    factor = 100 if one.quantity == "survival" else MONTHS
    return factor * one.value, factor * one.low, factor * one.high


def difference(one: Difference) -> str:
    """A difference with its interval, signed."""
    value, low, high = amounts(one)
    interval = _("{low} to {high}").format(low=signed(low, 1), high=signed(high, 1))
    return _("{value} ({interval})").format(value=signed(value, 1), interval=interval)


def robustness(one: Difference) -> str:
    """How much an unmeasured confounder would have to explain."""
    if one.robustness is None or one.robustness_limit is None:
        return _("not estimable")
    return _("{value}; for the interval {limit}").format(
        value=percent(one.robustness, 1), limit=percent(one.robustness_limit, 1)
    )


def explain_robustness() -> str:
    """What the robustness value says."""
    return _(
        "Robustness value: the share of what the findings leave unexplained, in the choice of treatment and in the outcome, "
        "that an unmeasured confounder would have to explain to bring the difference to zero."
    )


def explain_e_value(found: tuple[float, float]) -> str:
    """The E-value of the estimate and of its interval, with what it says."""
    return _(
        "E-value {value}, for the interval {limit}: to explain the main estimate away, an unmeasured confounder would have "
        "to go with both treatment and outcome by a risk ratio of that size, beyond everything adjusted for."
    ).format(value=number(found[0], 2), limit=number(found[1], 2))


def imbalance(study: Study, one: Imbalance) -> str:
    """What a line of the balance compares."""
    if not one.adjusted:
        words = _("{name} (not adjusted for)")
        return words.format(name=study.treatment(one.feature).title(study_language()))
    feature = study.feature(one.feature)
    name = feature.title(study_language())
    if one.missing:
        return _("{name}: not measured").format(name=name)
    if not one.level:
        return name
    level = next(v.get(study_language()) for v in feature.levels if v.text == one.level)
    return _("{name}: {value}").format(name=name, value=level)


def balance(result: Result) -> str:
    """What weighting did to the confounders, in a sentence."""
    own = [one for one in result.balance if one.adjusted]
    before = sum(abs(one.before) > NOTABLE for one in own)
    after = sum(abs(one.after) > NOTABLE for one in own)
    worst = max((abs(one.after) for one in own), default=0.0)
    told = _(
        "Standardised differences above {limit}: {before} of {all} before weighting, {after} after; "
        "the largest is then {worst}."
    ).format(
        limit=number(NOTABLE, 1),
        before=number(before),
        after=number(after),
        all=number(len(own)),
        worst=number(worst, 2),
    )
    if after == 0:
        return told
    caution = _(
        "Weighting left some imbalance: read the weighted hazard ratio beside the adjusted one and the doubly robust "
        "differences, which correct for it."
    )
    return _("{one} {other}").format(one=told, other=caution)


def overlap(result: Result) -> str:
    """How far the arms overlap, in a sentence."""
    assert result.overlap is not None
    return _(
        "{share} of the patients have a propensity outside 10 % to 90 %; the propensity tells the arms apart with an "
        "AUC of {auc}. Under overlap weights the arms count as {one} treated and {other} untreated patients."
    ).format(
        share=percent(result.overlap.outside),
        auc=number(result.overlap.auc, 2),
        one=number(result.overlap.effective_treated, 0),
        other=number(result.overlap.effective_untreated, 0),
    )


def subgroup(one: Subgroup) -> str:
    """One side of a condition."""
    return one.condition if one.holds else _("not: {condition}").format(condition=one.condition)


def exploration() -> str:
    """The warning that goes with every table of subgroups."""
    return _(
        "Exploration only. The subgroups were not part of a protocol fixed beforehand, each is small, and several looks "
        "find differences by chance: a difference here is a question for the next study, not an answer."
    )


def headline(result: Result) -> str:
    """The main estimate in a sentence."""
    main = result.ratio("overlap")
    if main.value is None:
        return main.reason
    words = _(
        "Hazard ratio {ratio}, treated against untreated, among patients for whom either choice was made."
    )
    return words.format(ratio=ratio_of(main))
