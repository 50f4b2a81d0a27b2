"""Training as the reader follows it: what to start with, how far it is, and what came of it."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import N_, _, ngettext, number, span, study_language
from mtl.services.own import comparing, scoring, training
from mtl.services.own.training import Judged, Result, TrainingState
from mtl.services.uploads import Upload
from pages.ui import address, say, theme

METRICS = {
    "auroc": N_("AUC"),
    "macro_auroc": N_("AUC, mean of the classes"),
    "r2": N_("R²"),
    "harrell_c": N_("concordance (C)"),
}
EXPERTS = {"linear": N_("linear"), "own": N_("own trees"), "shared": N_("shared trees")}
ENDED = {
    "failed": N_("The training failed: {reason}"),
    "interrupted": N_("The worker was stopped before the training ended. It can be run again."),
    "cancelled": N_("The training was cancelled. Nothing of it was kept."),
}


def start(upload: Upload, study: object, state: TrainingState | None) -> None:
    """Offer to train, and say what stands against it."""
    with theme.card("start"):
        tasks = len(study.tasks)
        words = _("{rows} patients, {findings} findings, {tasks} tasks.").format(
            rows=number(len(upload.table)), findings=number(len(study.features)), tasks=number(tasks)
        )
        st.html(f'<h2 class="c-title">{text(upload.name)}</h2><p>{text(words)}</p>')
        for problem in training.problems(upload, study):
            st.warning(say.markdown(problem))
        if upload.cleaned.questions:
            open_count = len(upload.cleaned.questions)
            words = ngettext(
                "{count} question about the table is open.",
                "{count} questions about the table are open.",
                open_count,
            )
            st.warning(say.markdown(words.format(count=open_count)))
            st.page_link("upload.py", label=_("Bring a table"), icon=":material/upload_file:")
        effort = st.segmented_control(
            _("Effort"),
            list(training.EFFORTS),
            format_func=lambda name: _("quick") if name == "quick" else _("thorough"),
            default="quick",
            required=True,
            key="effort",
        )
        busy = state is not None and state.open
        if st.button(_("Train"), type="primary", key="train", disabled=busy):
            try:
                training.begin(upload, study, effort)
            except ValueError as error:
                st.error(say.markdown(error))
                return
            st.rerun()


def follow(upload: Upload) -> None:
    """Show how far it is, until it ends; a reload shows the same."""
    state = training.state(upload)
    if state is None:
        return
    with theme.card("follow"):
        if state.open:
            _running(upload)
            return
        if state.state in ENDED:
            st.error(say.markdown(_(ENDED[state.state]).format(reason=state.error or "")))
            if st.button(_("Run it again"), key="again"):
                training.again(upload)
                st.rerun()
        _log(state)


@st.fragment(run_every=1.0)
def _running(upload: Upload) -> None:
    state = training.state(upload)
    if state is None or not state.open:
        st.rerun()
    left = _remaining(state.remaining)
    st.progress(
        min(max(state.share, 0.0), 1.0), text=say.markdown(" · ".join(filter(None, (state.stage, left))))
    )
    if st.button(_("Cancel"), key="cancel"):
        training.cancel(upload)
        st.rerun(scope="fragment")
    _log(state)


def _remaining(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return _("about {count} s left").format(count=number(max(1.0, round(seconds)), 0))
    return _("about {count} min left").format(count=number(round(seconds / 60), 0))


def _log(state: TrainingState) -> None:
    if not state.log:
        return
    lines = "".join(
        f"<li>{text(line.moment.strftime('%H:%M:%S'))} {text(line.text)}</li>" for line in state.log
    )
    head = _("Log")
    st.html(f'<details class="more"><summary>{text(head)}</summary><ul class="quiet">{lines}</ul></details>')


def result(upload: Upload, study: object, found: Result) -> None:
    """Show how well it does on patients held out, what each part says alone, and the way on."""
    with theme.card("result"):
        head = _("How well it does on patients it has not seen")
        words = _(
            "Each patient was held out once: five folds, {rows} patients. Intervals are of 95 %."
        ).format(rows=number(found.rows))
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>{_table(found)}')
        for task, reason in found.left_out.items():
            left_out = _("{task} is left out: {reason}").format(task=task, reason=reason)
            st.html(f'<p class="quiet">{text(left_out)}</p>')
        caution = _(
            "The columns to the right are the parts of the blend alone. Whether sharing between tasks helped cannot be "
            "told from them: that needs a comparison with shuffled helper labels."
        )
        st.html(f'<p class="quiet">{text(caution)}</p>')
        if st.button(_("Use this model: see the patients"), type="primary", key="use_model"):
            address.open_cohort(training.use(upload))
        _compare(upload, study)


def _table(found: Result) -> str:
    titles = [_("Task"), _("Measure"), _("Patients"), _("Blend"), *(_(words) for words in EXPERTS.values())]
    head = "".join(f'<th scope="col">{text(title)}</th>' for title in titles)
    rows = "".join(_row(judged) for judged in found.tasks)
    return (
        f'<div class="plain-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _row(judged: Judged) -> str:
    name = judged.title.get(study_language()) or judged.task
    cells = [_(METRICS[judged.metric]), number(judged.n), _value(judged)]
    cells += [_number(judged.alone.get(expert)) for expert in EXPERTS]
    inside = "".join(f"<td>{text(cell)}</td>" for cell in cells)
    return f'<tr><th scope="row">{text(name)}</th>{inside}</tr>'


def _value(judged: Judged) -> str:
    if judged.value is None:
        return judged.reason or "–"
    if judged.low is None or judged.high is None:
        return number(judged.value, 3)
    return f"{number(judged.value, 3)} ({span(judged.low, judged.high, 3)})"


def _number(value: float | None) -> str:
    return "–" if value is None else number(value, 3)


def _compare(upload: Upload, study: object) -> None:
    others = {one.key: one for one in comparing.others(upload)}
    if not others:
        return
    chosen = st.selectbox(
        _("Compare with"),
        list(others),
        index=None,
        key="compare_with",
        format_func=lambda key: (
            f"{others[key].version} · {others[key].trained[:10]} · {number(others[key].n_training)}"
        ),
    )
    if chosen is None:
        return
    compared = comparing.compare(upload, study, chosen)
    if compared is None:
        words = _("That model has not scored these patients yet. Score them, then come back.")
        st.html(f'<p class="quiet">{text(words)}</p>')
        if st.button(_("Score"), key="score_to_compare"):
            scoring.begin(upload, chosen)
            st.switch_page("score.py")
        return
    titles = (_("Task"), _("Measure"), _("This model"), _("The other"))
    head = "".join(f'<th scope="col">{text(title)}</th>' for title in titles)
    rows = "".join(
        f'<tr><th scope="row">{text(one.task)}</th><td>{text(_(METRICS[one.metric]))}</td>'
        f"<td>{text(_number(one.value))}</td><td>{text(_number(one.other))}</td></tr>"
        for one in compared
    )
    st.html(
        f'<div class="plain-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
