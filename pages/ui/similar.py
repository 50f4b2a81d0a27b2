"""Patients like this one: the nearest of the training patients, and what really became of the group."""

from __future__ import annotations

import streamlit as st

from mtl.figures import group_curve
from mtl.figures.curve import Curve
from mtl.figures.markup import Scale, text
from mtl.language import _, clauses, ngettext, number, percent
from mtl.services.patients import similar as service
from mtl.services.patients.cases import Case
from mtl.services.patients.similar import GroupNumber, GroupOutcome, Neighbour, Similar
from pages.ui import address, say, theme

DIFFERENCES = 3


def panel(case: Case, task: str) -> None:
    """Show the patients most like a case, as one task sees them."""
    size = st.segmented_control(
        _("Patients in the group"), list(service.GROUPS), default=service.GROUP, key="similar_group",
        format_func=number, required=True, persist_state="session", width="content",
    )  # fmt: skip
    found = service.similar(case, task, int(size or service.GROUP))
    if found is None:
        st.info(
            _(
                "The patients that this model was trained on are not kept here, so none can be compared with this one."
            )
        )
        return
    if not found.n_group:
        st.info(_("Nobody but this patient was in the training, so there is no one to compare."))
        return
    st.html(_about(case, task, found))
    became, closest = _("What became of them"), _("The nearest")
    left, right = st.columns([11, 9], gap="large")
    with left:
        st.html(f'<h3 class="c-title">{text(became)}</h3>')
        st.html(_outcome(case, found.outcomes[0]) + _others(case, found.outcomes[1:]) + _treatments(found))
    with right:
        st.html(f'<h3 class="c-title">{text(closest)}</h3>')
        for place, one in enumerate(found.nearest):
            _neighbour(one, place, task)


def _about(case: Case, task: str, found: Similar) -> str:
    group = ngettext(
        "The patient of {cohort} most like this one, as the task {task} sees patients.",
        "The {count} patients of {cohort} most like this one, as the task {task} sees patients.",
        found.n_group,
    ).format(count=number(found.n_group), cohort=found.cohort_name, task=say.title(case.output(task).task))
    searched = _("The farthest of them has a closeness of {closeness}; {searched} were searched.").format(
        closeness=percent(found.farthest), searched=number(found.n_searched)
    )
    if found.n_searched < found.n_cohort:
        searched = _(
            "The farthest of them has a closeness of {closeness}; "
            "a fixed random sample of {searched} of {total} was searched."
        ).format(
            closeness=percent(found.farthest), searched=number(found.n_searched), total=number(found.n_cohort)
        )
    words = [group, service.closeness_text(found), searched, _("This patient is left out.")]
    if found.left_out_fold:
        words.append(_("The trees were grown without this patient, too."))
    words.append(_("What was seen among others is no prediction: they also differ in what nobody recorded."))
    return f'<p class="quiet">{text(" ".join(words))}</p>'


def _outcome(case: Case, outcome: GroupOutcome) -> str:
    """Return the task asked for: its curve where it has one, and every number."""
    name = say.title(outcome.task)
    if not outcome.labelled:
        words = _("{task}: not recorded for any of the group.").format(task=name)
        return f'<p class="quiet">{text(words)}</p>'
    drawn = _curve(case, outcome) if outcome.curve is not None else ""
    first = (
        _("Within") if outcome.curve is not None else _("Class") if len(outcome.numbers) > 1 else _("Task")
    )
    return f'<h4 class="group-task">{text(name)}</h4>{drawn}' + _table(
        name, first, [(one.label, one) for one in outcome.numbers], outcome
    )


def _others(case: Case, outcomes: tuple[GroupOutcome, ...]) -> str:
    """Return the other tasks that see patients this way, in one table, each as it is first shown on the page."""
    rows = []
    for outcome in outcomes:
        output = case.output(outcome.task.name)
        for one in outcome.numbers:
            if one.model.category is not None:
                rows.append(
                    (_("{label}: {value}").format(label=say.title(outcome.task), value=one.label), one)
                )
            elif one.model.column == output.headline.column:
                rows.append((say.question(output, one.model), one))
    if not rows:
        return ""
    head = _("Other tasks that see patients this way")
    return f'<h4 class="group-task">{text(head)}</h4>' + _table(head, _("Task"), rows, None)


def _table(name: str, first: str, rows: list[tuple[str, GroupNumber]], one: GroupOutcome | None) -> str:
    kind = one.task.kind if one is not None else ""
    heads = (
        first, _("Seen in the group"), _("Quartiles") if kind == "regression" else _("95 % interval"),
        _("The model for this patient"), _("Still followed") if kind == "survival" else _("Patients"),
    )  # fmt: skip
    head = "".join(f'<th scope="col">{text(words)}</th>' for words in heads)
    body = "".join(
        f'<tr><th scope="row">{text(label)}</th><td>{text(number_.text)}</td><td>{text(number_.interval)}</td>'
        f"<td>{text(number_.model.text)}</td><td>{text(number(number_.n))}</td></tr>"
        for label, number_ in rows
    )
    return (
        f'<div class="plain-table" tabindex="0" role="region" aria-label="{text(name)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _curve(case: Case, outcome: GroupOutcome) -> str:
    seen, said = outcome.curve, case.output(outcome.task.name).curve
    assert seen is not None
    if said is None:
        return ""
    until = min(seen.until, said.estimable_until)
    kept = [place for place, year in enumerate(seen.years) if year <= until]
    group = Curve(
        [*(float(seen.years[k]) for k in kept), until],
        *(
            [*(float(line[k]) for k in kept), float(line[kept[-1]])]
            for line in (seen.risk, seen.low, seen.high)
        ),
    )
    model = Curve(said.years.tolist(), said.risk.tolist())
    return group_curve.group_curve(
        group, model, until, outcome.task.horizons, say.title(outcome.task), theme.colours()
    ).html


def _treatments(found: Similar) -> str:
    told = [one for one in found.treatments if one.treatment.task not in found.tasks]
    if not told:
        return ""
    rows = "".join(
        f"<li><span>{text(say.title(one.treatment))}</span>"
        f'<span class="s-track"><span style="width:{Scale(0, 1).at(one.share.share)}"></span></span>'
        f"<b>{text(_given(one.share.count, one.share.n))}</b></li>"
        for one in told
    )
    head = _("What they were given")
    return f'<h4 class="group-task">{text(head)}</h4><ul class="shares given">{rows}</ul>'


def _given(count: int, n: int) -> str:
    return _("{count} of {n}").format(count=number(count), n=number(n)) if n else _("not recorded")


def _neighbour(one: Neighbour, place: int, task: str) -> None:
    bar = f'<span class="w-track"><i style="width:{Scale(0, 1).at(one.closeness)}"></i></span>'
    with st.container(
        key=f"row_near_{place}", horizontal=True, gap="small", wrap=False, vertical_alignment="center"
    ):
        if st.button(say.markdown(one.identifier), key=f"open_near_{place}", type="tertiary"):
            address.open_case(one.key, task)
        st.html(
            f'<div class="near"><span><b>{text(percent(one.closeness))}</b>{bar}</span>'
            f'<p><span class="{"" if one.recorded else "missing"}">{text(_said(one))}</span>'
            f'<span class="quiet">{text(_differs(one))}</span></p></div>',
            width="stretch",
        )


def _said(one: Neighbour) -> str:
    return " · ".join([one.outcome, *one.given])


def _differs(one: Neighbour) -> str:
    if not one.differs:
        return _("alike in all findings")
    told = [_("{label}: {value}").format(label=d.label, value=d.text) for d in one.differs[:DIFFERENCES]]
    rest = len(one.differs) - len(told)
    more = [ngettext("{count} more", "{count} more", rest).format(count=number(rest))] if rest else []
    # Translators: findings in which another patient differs, parted by semicolons
    return _("differs: {findings}").format(findings=clauses([*told, *more]))
