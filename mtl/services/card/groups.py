"""Items of a model card about groups of patients: subgroups, and clusters such as hospitals."""

from __future__ import annotations

from typing import Any

from mtl.language import _, listed
from mtl.report.document import Block, Points, Words
from mtl.services.card import evidence as card_evidence
from mtl.services.documents import data as card_data
from mtl.services.documents import sheets as validation_sheet
from mtl.services.documents.facts import Evidence, Facts, Known, Lacking
from mtl.services.evidence import metric_words
from mtl.services.evidence import subgroup_words as groups
from mtl.services.patients.wording import title

PART, ELSEWHERE = "subgroups", "elsewhere"


def not_gathered(where: str) -> Lacking:
    """The subgroups can be computed, and were not."""
    told = _(
        "Not computed yet in {cohort}. Open the page Performance, choose this cohort, and begin the part Subgroups."
    )
    return Lacking(told.format(cohort=where))


def same_source(facts: Facts) -> Known | Lacking:
    """Which groups of the training's own source differ from the rest, out of fold."""
    if facts.internal is None:
        return card_evidence.nobody()
    return _differing(facts, facts.internal)


def elsewhere_too(facts: Facts) -> Known | Lacking:
    """Which groups of other patients differ from the rest."""
    if not facts.external:
        return card_data.no_external()
    there = [one for one in facts.external if PART in one.parts]
    if not there:
        return not_gathered(listed(one.title for one in facts.external))
    blocks: list[Block] = []
    for one in there:
        found = _differing(facts, one)
        assert isinstance(found, Known)
        blocks += found.blocks
    return Known(tuple(blocks), _("which of these groups matter for fairness"))


def performance(facts: Facts) -> Known | Lacking:
    """The main measures, and the groups in which they differ."""
    whole = card_evidence.performance(facts)
    if isinstance(whole, Lacking):
        return whole
    there = [one for one in (facts.internal, *facts.external) if one is not None and PART in one.parts]
    if not there:
        return whole
    blocks = [
        block for one in there if isinstance(found := _differing(facts, one), Known) for block in found.blocks
    ]
    return Known((*whole.blocks, *blocks), _("what these results mean"))


def _differing(facts: Facts, one: Evidence) -> Known | Lacking:
    if PART not in one.parts:
        return not_gathered(one.title)
    lines = []
    for name, found in one.parts[PART]["tasks"].items():
        if "reason" not in found and name in {task.name for task in facts.tasks}:
            lines += _lines(facts, name, found)
    told = _(
        "{cohort}: every measure was computed by the levels or bands of every input. Groups whose interval of the "
        "difference from the rest leaves out 0; of twenty equal groups one does so by chance:"
    ).format(cohort=one.title)
    shown = Points(tuple(lines)) if lines else Points((_("none"),))
    return Known((Words(told), shown), _("which of these groups matter for fairness"))


def _lines(facts: Facts, name: str, found: dict[str, Any]) -> list[str]:
    out = []
    for by, entry in found["features"].items():
        for group in entry["groups"]:
            for metric, value in group.get("metrics", {}).items():
                if groups.notable(group["less_rest"].get(metric)):
                    out.append(
                        _("{task}, {feature} {group}: {measure} {value}, all patients {whole}").format(
                            task=title(facts.study.task(name)),
                            feature=groups.feature(facts.study, by),
                            group=groups.group(facts.study, by, entry["kind"], group["name"]),
                            measure=metric_words.title(metric),
                            value=metric_words.value(value),
                            whole=metric_words.value({"value": found["metrics"][metric]}),
                        )
                    )
    return out


def clusters(facts: Facts) -> Known | Lacking:
    """How performance differs between sites, each left out in turn, where the study names them."""
    if facts.study.site is None:
        return Known((Words(_("The study names no column of sites; clusters were not examined.")),))
    if facts.internal is None:
        return card_evidence.nobody()
    if ELSEWHERE not in facts.internal.parts:
        told = _(
            "Not computed yet in {cohort}. Open the page Performance, choose this cohort, and begin the part "
            "Other hospitals and years."
        )
        return Lacking(told.format(cohort=facts.internal.title))
    found = facts.internal.parts[ELSEWHERE]
    parts = validation_sheet.elsewhere(facts, facts.internal, found, [task.name for task in facts.tasks])
    blocks: list[Block] = []
    for part in parts:
        blocks.append(Words(part.title))
        blocks += part.blocks
        blocks += [block for inner in part.parts for block in inner.blocks]
    return Known(tuple(blocks))
