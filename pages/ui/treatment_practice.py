"""The first two boxes: the risk as treated, and what was usually done."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, number, percent, span
from mtl.services.patients.view import Number
from mtl.services.treatment.treatments import Refused, TreatmentView
from mtl.services.treatment.view import Observed
from pages.ui import say, theme

REASONS = 3


def heading(title: str, words: str) -> str:
    """Return the head of a box: its name and, in a line, what it is."""
    return f'<h2 class="b-title">{text(title)}</h2><p class="quiet">{text(words)}</p>'


def refused(found: Refused, box: str) -> str:
    """Return a grey box that says why it is empty."""
    head = text(_("Not shown"))
    return (
        f'<div class="b-refused" data-box="{box}" data-refused="{text(found.reason.name)}" role="note">'
        f"<b>{head}</b><p>{text(found.sentence)}</p></div>"
    )


def grid(heads: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> str:
    """Return a plain table whose first column names the rows."""
    head = "".join(
        f'<th scope="col"{" class=amount" if place else ""}>{text(words)}</th>'
        for place, words in enumerate(heads)
    )
    body = "".join(
        f'<tr><th scope="row">{text(row[0])}</th>'
        + "".join(f'<td class="amount">{text(cell)}</td>' for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="plain-table" tabindex="0" role="region" aria-label="{text(name)}"><table><thead><tr>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def as_treated(view: TreatmentView) -> None:
    """Show the first box: the outcome tasks with what was given."""
    with theme.card("as_treated"):
        title = _("1 · As treated in these data")
        st.html(
            heading(title, _("The model's risk with what was recorded as given. No effect of a treatment."))
        )
        given = " · ".join(
            _("{label}: {value}").format(label=say.title(one.treatment), value=one.text)
            for one in view.case.treatments
        )
        st.html(f'<p class="b-given">{text(given)}</p>{_risks(view, title)}')


def _risks(view: TreatmentView, name: str) -> str:
    """A row an outcome, a column a time; outcomes without a time have a table of their own."""
    survival = [output for output in view.treated if output.kind == "survival"]
    times = sorted({one.horizon for output in survival for one in output.numbers if one.horizon is not None})
    rows = []
    for output in survival:
        shown = {one.horizon: _risk(one) for one in output.numbers}
        rows.append((say.title(output.task), *(shown.get(years, "–") for years in times)))
    heads = (_("Risk of"), *(say.years(years) for years in times))
    others = [
        (say.title(output.task), _risk(output.headline)) for output in view.treated if output not in survival
    ]
    drawn = grid(heads, rows, name) if rows else ""
    return drawn + (grid((_("Outcome"), _("Prediction")), others, name) if others else "")


def _risk(shown: Number) -> str:
    if shown.low is None or shown.high is None or shown.horizon is None:
        return shown.text
    interval = span(100 * shown.low, 100 * shown.high).replace(
        " ", "\u00a0"
    )  # a line breaks before it, not in it
    return _("{value} ({interval})").format(value=shown.text, interval=interval)


def usual(view: TreatmentView) -> None:
    """Show the second box: how many such patients were given it, why, and what became of comparable ones."""
    practice, output = view.practice, view.practice.output
    with theme.card("usual"):
        title = _("2 · What was usually done")
        st.html(
            heading(
                title, _("How such patients were treated, and what became of them. Observed, not an effect.")
            )
        )
        if output is not None:
            shown = output.headline
            st.html(
                f'<div class="c-number"><b data-number="{text(shown.column)}">{text(shown.text)}</b>'
                f"<span>{text(say.interval(output.kind, shown))}</span></div>"
                f'<p class="c-words">{text(say.like_this(output, shown))}</p>{_reasons(view)}'
            )
            words = _("Comparable patients ({cohort}): {given} were given it, {others} were not.")
            st.html(
                '<p class="b-given">'
                + text(
                    words.format(
                        cohort=practice.where, given=number(practice.given), others=number(practice.not_given)
                    )
                )
                + "</p>"
            )
        if practice.refused is not None:
            st.html(refused(practice.refused, "usual"))
            return
        st.html(_outcomes(view))


def _reasons(view: TreatmentView) -> str:
    output = view.practice.output
    if output is None or output.story is None:
        return ""
    told = [one for one in output.story.contributions[:REASONS] if one.points]
    lines = "".join(
        f'<li><b class="{"up" if one.points > 0 else "down"}" aria-hidden="true">{"+" if one.points > 0 else "−"}</b>'
        f"<span>{text(one.sentence)}</span></li>"
        for one in told
    )
    return f'<ul class="reasons">{lines}</ul>' if lines else ""


def _outcomes(view: TreatmentView) -> str:
    tables = []
    for outcome in view.practice.outcomes:
        rows = [
            (
                _("at any time") if given.years is None else say.years(given.years),
                _observed(given),
                _observed(other),
            )
            for given, other in zip(outcome.given, outcome.not_given, strict=True)
        ]
        name = say.title(outcome.task)
        tables.append(grid((name, _("given"), _("not given")), rows, name))
    table = "".join(tables)
    words = _(
        "Kaplan-Meier with 95 % intervals; a dash where fewer than 20 were followed that long. The two groups differ in "
        "more than the treatment."
    )
    return f'{table}<p class="quiet">{text(words)}</p>'


def _observed(found: Observed) -> str:
    if found.share is None or found.low is None or found.high is None:
        return "–"
    interval = span(100 * found.low, 100 * found.high)
    return _("{value} ({interval})").format(value=percent(found.share), interval=interval)
