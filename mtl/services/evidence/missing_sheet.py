"""What it costs not to know a finding, in words and rows of intervals."""

from __future__ import annotations

from typing import Any

from mtl.figures.plane import Axis
from mtl.figures.ranges import Range, Ranges
from mtl.language import _, listed, number, percent
from mtl.services.evidence.sheet import Section, Sheet
from mtl.services.evidence.trust_words import finding, measure, with_interval
from mtl.study import Study, Task


def sheet(study: Study, task: Task, content: dict[str, Any], caption: str) -> Sheet:
    """What the part "missing" found of a task."""
    found = content["tasks"][task.name]
    if not found["without"]:
        return Sheet([_("Too few patients with a known outcome ({count}).").format(count=number(found["n"]))])
    loss = measure(found["loss"])
    costly = [one for one in found["without"] if (one["loss"]["low"] or 0.0) > 0]
    if costly:
        names = listed(finding(study, one["feature"]) for one in costly[:4])
        lead = _("Predictions get worse without: {findings}.").format(findings=names)
    else:
        lead = _("No single finding is missed: without any one of them the predictions are about as good.")
    better = [one for one in found["without"] if (one["loss"]["high"] or 0.0) < 0]
    leads = [lead]
    if better:
        names = listed(finding(study, one["feature"]) for one in better[:4])
        leads.append(_("Predictions are better without: {findings}.").format(findings=names))
    limits = [one["loss"][end] for one in found["without"] for end in ("low", "high")]
    reach = max([1e-6, *(abs(limit) for limit in limits if limit is not None)])
    rows = [
        Range(
            finding(study, one["feature"]),
            one["loss"]["value"], one["loss"]["low"], one["loss"]["high"],
            [with_interval(one["loss"], 3), with_interval(one["metric"], 3), percent(content["known"][one["feature"]])],
        )
        for one in found["without"]
    ]  # fmt: skip
    ranges = Ranges(
        _("Difference without each finding"),
        Axis(_("difference of the {measure}; right is worse").format(measure=loss), -reach, reach),
        [_("Without"), loss, measure(found["metric"]), _("known in")],
        rows,
        0.0,
        _("no difference"),
    )
    whole = found["whole"]
    words = _("As recorded: {loss} {a}; {metric} {b}.").format(
        loss=loss,
        a=with_interval(whole["loss"]),
        metric=measure(found["metric"]),
        b=with_interval(whole["metric"]),
    )
    notes = [
        _(
            "Each finding is blanked for all patients, who are predicted by a model that did not see them; differences are "
            "paired on 200 resamples, with 95 % intervals. A finding may cost little because another one tells the same."
        )
    ]
    return Sheet(leads, [Section(_("Without each finding"), [words, caption], ranges=[ranges])], notes)
