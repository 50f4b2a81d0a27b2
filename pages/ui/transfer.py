"""What sharing brought: the verdict on each task first, then what it rests on."""

from __future__ import annotations

import streamlit as st

from mtl.figures import plane, ranges, shares
from mtl.figures.markup import text
from mtl.language import _, number
from mtl.services.evidence import sharing
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import evidence_part, theme, transfer_jobs

EXPERTS = ("linear", "own", "shared")


def show(cohort: CohortSummary) -> None:
    """Show the audit of the training behind a cohort's numbers."""
    trained = sharing.training_cohort(cohort)
    if trained is None:
        st.info(
            _("The patients of this model's training are not here, so what sharing brought cannot be judged.")
        )
        return
    if trained.key != cohort.key:
        words = _(
            "This is about the training of the model, on its own patients, not on those of this cohort."
        )
        st.html(f'<p class="quiet">{text(words)}</p>')
    content = evidence_part.found(trained, "transfer", _("Judge what sharing brought"))
    if content is not None:
        for card in (_verdicts, _differences, _scores, _weights):
            card(trained, content)
    transfer_jobs.pairs(trained)
    transfer_jobs.curve(trained)


def verdict_list(found: list[sharing.Sentence]) -> str:
    """Return the verdicts as a list of sentences."""
    lines = "".join(
        f'<li class="v-{one.verdict}"><b>{text(one.first)}</b> {text(one.words)}</li>' for one in found
    )
    return f'<ul class="signed verdicts">{lines}</ul>'


def _verdicts(cohort: CohortSummary, content: dict) -> None:
    with theme.card("verdicts"):
        head = _("What sharing brought to each task")
        words = _(
            "Every patient is judged by a model whose trees, rounds, penalty and weights were chosen without them; {folds} "
            "folds, intervals of 95 %. Sharing helped: all three parts of the model beat linear and own trees, and beat the "
            "same with the other tasks' labels shuffled ({deals} times). No difference: the interval lies within ±{margin}."
        ).format(
            folds=number(content["folds"]),
            deals=number(content["permutations"]),
            margin=number(content["margin"], 2),
        )
        listed = verdict_list(sharing.sentences(cohort.study, content))
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>{listed}')


def _differences(cohort: CohortSummary, content: dict) -> None:
    rows, ends = [], []
    for title, metric, own in sharing.gaps(cohort.study, content):
        rows.append(ranges.Range(f"{title} · {metric}", None, None, None, (), head=True))
        for gap in own:
            rows.append(ranges.Range(gap.label, gap.value, gap.low, gap.high, (gap.printed,)))
            ends += [gap.value, gap.low, gap.high]
    if not rows:
        return
    with theme.card("differences"):
        head = _("How much better all three parts together are")
        reach = sharing.reach(ends)
        axis = plane.Axis(_("difference of the measure"), -reach, reach)
        drawn = ranges.draw(
            ranges.Ranges(head, axis, (_("Better"), _("Difference (95 % interval)")), rows, 0.0)
        )
        caption = _(
            "Right of the line is better. Mean over the folds of paired differences; the intervals know that folds share "
            "training patients (Nadeau and Bengio 2003). In the comparison with shuffled labels the trees of both sides "
            "learn faster."
        )
        st.html(f'<h2 class="c-title">{text(head)}</h2>{drawn.html}<p class="quiet">{text(caption)}</p>')
        loss_head = _("The same by the error on patients held out (the loss)")
        heads = (_("Task"), _("saved against linear + own trees"), _("saved against shuffled labels"))
        grid = plane.Grid(loss_head, heads, sharing.losses(cohort.study, content))
        st.html(f'<h3 class="group-task">{text(loss_head)}</h3>{plane.table(grid)}')


def _scores(cohort: CohortSummary, content: dict) -> None:
    with theme.card("scores"):
        head = _("Each part alone, and together")
        rows = [[one.title, one.metric, *one.cells] for one in sharing.scores(cohort.study, content)]
        grid = plane.Grid(head, (_("Task"), _("Measure"), *sharing.score_heads()), rows)
        st.html(f'<h2 class="c-title">{text(head)}</h2>{plane.table(grid)}')


def _weights(cohort: CohortSummary, content: dict) -> None:
    rows = sharing.weights(cohort.study, content)
    if not rows:
        return
    with theme.card("weights"):
        head = _("Weights in the model")
        words = _(
            "What each part counts for in the blend that the model uses, as shares of the weights' sum."
        )
        drawn = shares.stacked(rows, [_(sharing.MODELS[name]) for name in EXPERTS], head)
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>{drawn.html}')
