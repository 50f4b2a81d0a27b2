"""The result of a target trial: its main numbers, then every section with its picture and its table; or how far it is."""

from __future__ import annotations

import streamlit as st

from mtl.figures import trial as figures
from mtl.figures.markup import text
from mtl.language import _
from mtl.services import steps
from mtl.services.treatment import trial_parts, trials
from mtl.services.treatment.trial_document import table
from mtl.services.treatment.trial_parts import Part
from mtl.services.treatment.trials import KeptTrial
from pages.ui import say, theme

ROWS = (
    ("ratio",),
    ("overlap", "survival"),
    ("balance",),
    ("differences",),
    ("subgroups",),
    ("patients", "protocol"),
    ("limits",),
)


def introduction() -> None:
    """Say what this page does, and what its numbers are not."""
    words = _(
        "What would a randomised trial of this treatment have shown in these patients? The protocol of that trial "
        "is written down first, then the cohort stands in for it. An estimate from observed treatment, for research: "
        "no advice for a patient."
    )
    st.html(f'<style>{figures.STYLE}</style><p class="quiet">{text(words)}</p>')


def waiting(key: str) -> None:
    """Show how far the job is, and why it stopped if it did."""
    job = trials.progress(key)
    if job is None:
        st.error(_("There is no such result here. Set the protocol and run it."))
        return
    if job.open:
        _follow(key)
        return
    if job.state == "done":  # its result was written after the page looked
        st.rerun()
    st.error(say.markdown(job.error or _("The run was cancelled.")))


@st.fragment(run_every=1.0)
def _follow(key: str) -> None:
    job = trials.progress(key)
    if job is None or not job.open:
        st.rerun()
    with theme.card("trial_progress"):
        st.progress(min(max(job.share, 0.0), 1.0), text=say.markdown(steps.said(job.stage)))
        st.button(_("Stop"), key="trial_stop", on_click=trials.cancel, args=(key,))


def show(kept: KeptTrial) -> None:
    """Show a result with the pages to take away."""
    offered = trials.choices(kept.cohort)
    parts = {one.name: one for one in trial_parts.parts(kept, offered.study, offered.title, theme.colours())}
    with theme.card("trial_head"):
        st.html(_head(kept, offered.study, parts))
        with st.container(horizontal=True, gap="small"):
            for kind, label in (("html", _("Download page")), ("markdown", _("Download Markdown"))):
                made = trials.document(kept.key, kind)
                st.download_button(
                    label, made.content, file_name=made.name, mime=made.mime, key=f"trial_{kind}",
                    on_click="ignore", icon=":material/download:",
                )  # fmt: skip
    for row in ROWS:
        found = [parts[name] for name in row if name in parts]
        if found:
            for column, part in zip(st.columns(len(found), gap="medium"), found, strict=True):
                with column:
                    section(part)


def _head(kept: KeptTrial, study: trials.Study, parts: dict[str, Part]) -> str:
    head = f'<h2 class="c-title">{text(trial_parts.heading(kept, study))}</h2>'
    if "refusal" in parts:
        return head + f'<p class="t-refused">{text(parts["refusal"].sentences[0])}</p>'
    facts = "".join(
        f"<div><b>{text(number)}</b><span>{text(label)}</span></div>"
        for number, label in trial_parts.facts(kept.result)
    )
    return f'{head}<div class="facts">{facts}</div>'


def section(part: Part) -> None:
    """Show a section; where it has a picture its table is one click away."""
    sentences = "".join(f'<p class="quiet">{text(sentence)}</p>' for sentence in part.sentences)
    if part.name == "limits":
        items = "".join(f"<li>{text(sentence)}</li>" for sentence in part.sentences)
        sentences = f'<ul class="quiet t-list">{items}</ul>'
    rows = table(part.heads, part.rows) if part.rows else ""
    if part.picture and rows:
        summary = _("The numbers")
        rows = f'<details class="more"><summary>{text(summary)}</summary>{rows}</details>'
    with theme.card(f"trial_{part.name}"):
        st.html(f'<h3 class="c-title">{text(part.title)}</h3>{part.picture}{sentences}{rows}')
