"""One finding: its value against what it contributes, with the patient who is open marked."""

from __future__ import annotations

import streamlit as st

from mtl.figures import dependence
from mtl.figures.markup import text
from mtl.language import _, clauses, number, signed, study_language
from mtl.services.patients import global_view
from mtl.services.patients.cohorts import CohortSummary
from mtl.services.patients.global_view import Dependence, Swarm
from pages.ui import address, say, theme
from pages.ui.swarm import decimals

FEATURE = "feature"


def panel(cohort: CohortSummary, drawn: Swarm) -> None:
    """Show the choice of a finding, and how its contribution goes with its value."""
    offered = [name for name in cohort.study.visible(drawn.task.name)]
    asked = address.read(FEATURE)
    chosen = asked if asked in offered else drawn.rows[0].feature.name
    case = address.read(address.CASE) or address.last("case.py").get("case")
    found = global_view.dependence(cohort.key, drawn.task.name, chosen, drawn.category, case)
    with theme.card("dependence"):
        head = _("How one finding moves it")
        st.html(
            f'<h2 class="c-title">{text(head)} <span class="quiet">{text(say.title(drawn.task))}</span></h2>'
        )
        st.session_state["explain_feature"] = chosen
        st.selectbox(
            _("Finding"), offered, format_func=lambda name: say.title(cohort.study.feature(name)),
            key="explain_feature", width=360,
            on_change=lambda: address.put(feature=st.session_state["explain_feature"]),
        )  # fmt: skip
        st.html(_drawn(found) + _table(found))
        if found.mark is None:
            words = _("Open a patient of this model, and the patient is marked here.")
            st.html(f'<p class="quiet">{text(words)}</p>')
        elif st.button(_("Back to the patient"), key="explain_back", icon=":material/person:"):
            address.open_case(found.mark.key, drawn.task.name)


def _drawn(found: Dependence) -> str:
    digits = _digits(found)
    unit = found.feature.unit.get(study_language())
    name = say.title(found.feature)
    across = _("{label} ({unit})").format(label=name, unit=unit) if unit and not found.ticks else name
    up = _("contribution, {scale}").format(scale=found.scale)
    mark = None
    if found.mark is not None:
        words = _("Patient {identifier}: {value}, {contribution}").format(
            identifier=found.mark.identifier,
            value=found.mark.text,
            contribution=signed(found.mark.contribution, digits),
        )
        mark = dependence.Patient(found.mark.x, found.mark.contribution, words)
    alt = _("Median contribution of {finding} by its value.").format(finding=name) + " "
    alt += clauses(
        _("{value}: {contribution}").format(value=words, contribution=signed(band.quartiles[1], digits))
        for words, band in found.bands
    )
    steps = [dependence.Step(band.low, band.high, band.quartiles[1]) for _words, band in found.bands]
    return dependence.dependence(
        found.x.tolist(),
        found.contributions.tolist(),
        steps,
        found.ticks,
        (across, up),
        alt,
        mark,
        theme.colours(),
    ).html


def _digits(found: Dependence) -> int:
    return decimals(max((abs(band.quartiles[1]) for _words, band in found.bands), default=0.0))


def _table(found: Dependence) -> str:
    digits, head = _digits(found), _("The numbers")
    names = (_("Value"), _("Patients"), _("Median contribution"), _("Middle half"))
    heads = "".join(f'<th scope="col">{text(words)}</th>' for words in names)

    def half(low: float, high: float) -> str:
        return _("{low} to {high}").format(low=signed(low, digits), high=signed(high, digits))

    body = "".join(
        f'<tr><th scope="row">{text(words)}</th><td>{text(number(band.n))}</td>'
        f"<td>{text(signed(band.quartiles[1], digits))}</td>"
        f"<td>{text(half(band.quartiles[0], band.quartiles[2]))}</td></tr>"
        for words, band in found.bands
    )
    return (
        f'<details class="more"><summary>{text(head)}</summary><div class="plain-table" tabindex="0" role="region" '
        f'aria-label="{text(head)}"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div></details>'
    )
