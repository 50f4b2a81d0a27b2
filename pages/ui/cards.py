"""The pathway: diagnosis, treatment, outlook, left to right, a card a task."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import N_, _, number
from mtl.services import cases
from mtl.services.cases import Case, Number, TaskOutput
from pages.ui import address, pictures, say, theme

ROLES = {
    "diagnosis": N_("Diagnosis"),
    "treatment": N_("Treatment, as it was given"),
    "prognosis": N_("Outlook"),
}
REASONS = 3


def pathway(case: Case, chosen: str) -> None:
    """Show every task's card, in the order of care."""
    roles = [role for role in ROLES if any(output.task.role == role for output in case.outputs)]
    if not roles:
        st.info(_("The model of this cohort has learnt no task."))
        return
    if len(roles) == 1:
        _heading(case, roles[0])
        for column, output in zip(
            st.columns(min(len(case.outputs), 3)) * len(case.outputs), case.outputs, strict=False
        ):
            with column:
                _card(case, output, chosen)
        return
    widths = [23 if role == "prognosis" else 20 for role in roles]
    for column, role in zip(st.columns(widths, gap="small"), roles, strict=True):
        with column:
            _heading(case, role)
            for output in case.outputs:
                if output.task.role == role:
                    _card(case, output, chosen)


def horizons(case: Case) -> list[float]:
    """Return the horizons of the survival tasks, in years."""
    survival = [output for output in case.outputs if output.kind == "survival"]
    return sorted({one.horizon for output in survival for one in output.numbers if one.horizon})


def at_horizon(case: Case, years: float | None) -> Case:
    """Return the case with its survival tasks' numbers and reasons at the horizon asked for, where they have it."""
    if years not in horizons(case):
        return case
    wanted = {output.task.name: years for output in case.outputs if output.kind == "survival"}
    if all(case.output(name).headline.horizon == years for name in wanted):
        return case
    return cases.open_case(case.key, horizons=wanted)


def chosen_horizons(case: Case) -> dict[str, float]:
    """Return the horizon at which each survival task is shown."""
    found = ((output.task.name, output.headline.horizon) for output in case.outputs)
    return {name: years for name, years in found if years is not None}


def _heading(case: Case, role: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"heading_{role}"):
        st.html(f'<h2 class="section-name">{text(_(ROLES[role]))}</h2>', width="stretch")
        offered = horizons(case)
        if role == "prognosis" and len(offered) > 1:
            st.session_state["horizon"] = next(
                one.headline.horizon for one in case.outputs if one.headline.horizon
            )
            st.segmented_control(
                _("Time ahead"),
                offered,
                format_func=_short_years,
                key="horizon",
                required=True,
                label_visibility="collapsed",
                on_change=lambda: address.put(years=st.session_state["horizon"]),
            )


def _short_years(count: float) -> str:
    # Translators: a number of years on a narrow button
    return _("{count} y").format(count=number(count))


def _card(case: Case, output: TaskOutput, chosen: str) -> None:
    place = case.outputs.index(output)
    is_chosen = output.task.name == chosen
    shown = output.headline
    with theme.card(f"task_{place}{'_chosen' if is_chosen else ''}"):
        st.html(
            f'<h3 class="c-title">{text(say.question(output, shown))}</h3>'
            f"{_number(output, shown)}{pictures.picture(output, shown)}{_reasons(output)}"
        )
        if not is_chosen:
            # The number makes the name of the button unique; the whole card is its target.
            label = _("Why {number}?").format(number=shown.text) if shown.value is not None else _("Why?")
            st.button(
                say.markdown(label), key=f"why_{place}", on_click=address.put,
                kwargs={"task": output.task.name, "category": None},
            )  # fmt: skip
        _treatments(case, output)


def _treatments(case: Case, output: TaskOutput) -> None:
    """Lead from a treatment's card to what was usual and what trials promise."""
    for treatment in case.study.treatments:
        if treatment.task == output.task.name:
            st.page_link(
                "treatment.py",
                label=_("Usual practice and trials"),
                icon=":material/balance:",
                query_params={address.CASE: case.key, address.TREATMENT: treatment.column},
            )


def _number(output: TaskOutput, shown: Number) -> str:
    beside = shown.label if output.kind == "multiclass" else ""
    pending = say.interval(output.kind, shown, output.task.decimals)
    length = "long" if len(shown.text) > 9 else ""
    words = "" if output.kind == "regression" and shown.value is not None else say.like_this(output, shown)
    sure = ""
    if shown.n_eff is not None:
        # Below one patient the words would be absurd, and the interval is as wide as it can be.
        sure = _("As sure as from counting {count} such patients.").format(
            count=number(max(1, round(shown.n_eff)))
        )
    return (
        f'<div class="c-number"><b class="{length}" data-number="{text(shown.column)}">{text(shown.text)}</b>'
        f"<span>{text(' · '.join(filter(None, (beside, pending))))}</span></div>"
        f'<p class="c-words">{text(words)}</p>{pictures.quiet(sure)}'
    )


def _reasons(output: TaskOutput) -> str:
    if output.story is None:
        return ""
    told = [one for one in output.story.contributions[:REASONS] if one.points]
    if not told:
        words = _("As for the reference patient: no finding moves it by a whole point.")
        return pictures.quiet(words) if output.kind != "regression" else ""
    lines = "".join(
        f'<li><b class="{_way(one.points)}" aria-hidden="true">{_sign(one.points)}</b>'
        f"<span>{text(one.sentence)}</span></li>"
        for one in told
    )
    return f'<ul class="reasons">{lines}</ul>'


def _way(points: float) -> str:
    return "up" if points > 0 else "down"


def _sign(points: float) -> str:
    return "+" if points > 0 else "−"
