"""What each task can learn from, what of it is too little, and which rows come again; the task by which all is grouped."""

from __future__ import annotations

import streamlit as st

from mtl.figures import survey
from mtl.figures.markup import text
from mtl.figures.numbers import framed
from mtl.language import _, ngettext, number
from mtl.services.own import look, look_words
from mtl.services.own.look import Look, Subject
from pages.ui import address, say, theme


def task(subject: Subject, found: Look) -> str:
    """Let the reader choose the task whose groups are compared; "" where no task has two."""
    able = [one.name for one in subject.study.tasks if _has_groups(found, one.name)]
    if not able:
        return ""
    asked = address.read(address.TASK)
    chosen = asked if asked in able else found.grouped_by if found.grouped_by in able else able[0]
    titles = {one.name: say.title(one) for one in subject.study.tasks}
    st.session_state["look_task"] = chosen
    st.selectbox(
        _("Compare the groups of"),
        able,
        format_func=lambda name: titles[name],
        key="look_task",
        on_change=lambda: address.put(task=st.session_state["look_task"]),
    )
    return chosen


def _has_groups(found: Look, name: str) -> bool:
    return any(one.task == name for one in found.distributions)


def panel(subject: Subject, found: Look, rows: str) -> None:
    """Show how many labels each task has, and the rows that come again."""
    with theme.card("labels"):
        head = _("What there is to learn from")
        words = _("{rows} patients, {findings} findings, {tasks} tasks.").format(
            rows=rows, findings=number(len(subject.study.features)), tasks=number(len(subject.study.tasks))
        )
        st.html(
            f'<style>{survey.STYLE}</style><h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>'
        )
        lines = []
        for one in found.labels:
            entry = subject.study.task(one.task)
            followed = "" if one.followed is None else number(one.followed, 1)
            lines.append(
                (
                    say.title(entry), number(one.labelled), look_words.label_counts(entry, one),
                    look_words.of_horizons(one), followed, one.few or _("enough"),
                )
            )  # fmt: skip
        heads = (
            _("Task"), _("With an outcome"), _("Of each kind"), _("By each horizon"),
            _("Median follow-up, years"), _("Enough?"),
        )  # fmt: skip
        keep = [place for place in range(len(heads)) if place < 3 or any(line[place] for line in lines)]
        shown = framed([heads[i] for i in keep], [[line[i] for i in keep] for line in lines], head)
        st.html(shown + _again(subject, found))


def _again(subject: Subject, found: Look) -> str:
    repeated = found.duplicates
    said = []
    if repeated.n_rows:
        words = ngettext(
            "{count} row repeats an earlier one in everything but the identifier: {rows}.",
            "{count} rows repeat an earlier one in everything but the identifier: {rows}.",
            repeated.n_rows,
        )
        names = ", ".join(look.named(subject.key, repeated.rows))
        more = ", …" if repeated.n_rows > len(repeated.rows) else ""
        said.append(words.format(count=number(repeated.n_rows), rows=names + more))
    else:
        said.append(_("No row repeats another."))
    if repeated.n_identifiers:
        words = ngettext(
            "{count} row shares its identifier with another.",
            "{count} rows share their identifier with another.",
            repeated.n_identifiers,
        )
        said.append(words.format(count=number(repeated.n_identifiers)))
    return "".join(f'<p class="quiet">{text(sentence)}</p>' for sentence in said)
