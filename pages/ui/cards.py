"""The pathway: diagnosis, treatment, outlook, left to right, a card a task."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, number
from mtl.services.patients import cases
from mtl.services.patients.cases import Case, Number, TaskOutput
from mtl.services.patients.wording import ROLES, how_sure, no_reason, reasons
from pages.ui import address, pictures, say, theme


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
    return (
        f'<div class="c-number"><b class="{length}" data-number="{text(shown.column)}">{text(shown.text)}</b>'
        f"<span>{text(' · '.join(filter(None, (beside, pending))))}</span></div>"
        f'<p class="c-words">{text(words)}</p>{pictures.quiet(how_sure(shown))}'
    )


def _reasons(output: TaskOutput) -> str:
    told = reasons(output)
    if not told:
        return pictures.quiet(no_reason(output))
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
