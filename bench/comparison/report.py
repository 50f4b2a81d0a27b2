"""The findings as Markdown tables and as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.comparison.cells import loaded
from bench.comparison.data import PUBLISHED
from bench.comparison.scores import NAMES
from bench.comparison.summary import BASELINE, Findings, Sheet

COLUMNS = (
    BASELINE, "linear", "own", "shared", "blend", "permuted blend", "thorough linear", "thorough own",
    "thorough shared", "thorough blend",
)  # fmt: skip
PEERS = (
    "XGBoost multi_output_tree",
    "CatBoost Multi*",
    "MultiOutput over LightGBM",
    "ClassifierChain over LightGBM",
)


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return ["| " + " | ".join(row) + " |" for row in (head, rule, *rows)] + [""]


def _set(name: str, sheet: Sheet) -> list[str]:
    cohort = loaded(name)
    methods = [m for m in COLUMNS if m in sheet.scores]
    if not methods:
        return []
    rows = []
    for task in cohort.study.tasks:
        label = f"{task.name} ({NAMES[task.kind]})"
        rows.append([label, *(f"{sheet.mean(m, task.name):.4f}" for m in methods)])
    rows.append(["**mean**", *(f"**{sheet.overall(m):.4f}**" for m in methods)])
    title = f"### {name}: {len(cohort.table):,} patients, {len(cohort.study.tasks)} tasks"
    return [title, "", *_table(["task", *methods], rows)]


def _differences(findings: Findings) -> list[str]:
    rows = []
    for name, sheet in findings.sets.items():
        if BASELINE not in sheet.scores:
            continue
        for method in COLUMNS[1:]:
            if method in sheet.scores:
                task, gap = sheet.worst(method)
                behind = ""
                if method.endswith("blend") and "permuted" not in method:
                    which, far = sheet.worst_against_best(method)
                    behind = f"{far:+.4f} ({which})"
                rows.append([name, method, str(sheet.difference(method)), f"{gap:+.4f} ({task})", behind])
    head = [
        "set",
        "method",
        f"minus {BASELINE}, mean over tasks [95 %]",
        "worst task",
        "behind its best expert",
    ]
    return ["### Differences", "", *_table(head, rows)] if rows else []


def _scarce(findings: Findings) -> list[str]:
    methods = ("linear", "own", "shared", "blend", "permuted shared", "permuted blend")
    rows = []
    for target, sheet in findings.scarce.items():
        if BASELINE not in sheet.scores:
            continue
        gains = []
        for m in methods:
            gain = sheet.difference(m, [target.task]) if m in sheet.scores else None
            gains.append("" if gain is None else str(gain) if m == "blend" else f"{gain.mean:+.4f}")
        rows.append(
            [
                f"{target.cohort}, {target.task}, {100 * target.share:.0f} %",
                f"{sheet.overall(BASELINE):.4f}",
                *gains,
            ]
        )
    if not rows:
        return []
    means = [findings.scarce_gain(m) for m in methods]
    rows.append(["**mean [95 %]**", "", *("" if m is None else f"**{m}**" for m in means)])
    real = findings.scarce_gain("blend", "permuted blend")
    lines = ["### One task with few labels: gain over tuned LightGBM", ""]
    lines += _table(["target, labels kept", BASELINE, *methods], rows)
    if real is not None:
        lines += [f"Blend with the real helper labels minus with permuted ones: {real}.", ""]
    return lines


def _control(findings: Findings) -> list[str]:
    """What the helpers' labels bring: each method with the real ones minus the same with permuted ones."""
    rows = []
    for name, sheet in findings.sets.items():
        for method in ("blend", "shared"):
            control = f"permuted {method}"
            if method in sheet.scores and control in sheet.scores:
                least, low = sheet.worst(method, control)
                most, high = sheet.worst(control, method)
                whole = str(sheet.difference(method, base=control))
                rows.append([name, method, whole, f"{-high:+.4f} ({most})", f"{low:+.4f} ({least})"])
    head = ["set", "method", "real minus permuted, mean over tasks [95 %]", "most for", "least for"]
    return ["### What the helpers' labels bring", "", *_table(head, rows)] if rows else []


def _peers(findings: Findings) -> list[str]:
    rows = []
    for name, sheet in findings.sets.items():
        for peer in PEERS:
            if peer in sheet.scores:
                tasks = sheet.tasks(peer)
                others = [m for m in ("blend", "thorough blend") if m in sheet.scores]
                rows.append(
                    [
                        f"{name}: {', '.join(tasks)}",
                        peer,
                        f"{sheet.overall(peer, tasks):.4f}",
                        str(sheet.difference(peer, tasks)) if BASELINE in sheet.scores else "",
                        *(str(sheet.difference(m, tasks, peer)) for m in others),
                    ]
                )
    if not rows:
        return []
    extra = [m for m in ("blend", "thorough blend") if any(m in s.scores for s in findings.sets.values())]
    width = 4 + len(extra)
    rows = [row + [""] * (width - len(row)) for row in rows]
    head = ["tasks it can take", "peer", "mean", f"minus {BASELINE}", *(f"{m} minus peer" for m in extra)]
    return ["### Peers, on the tasks they can take", "", *_table(head, rows)]


def _cost(findings: Findings) -> list[str]:
    rows = []
    for name, sheet in findings.sets.items():
        for method in (BASELINE, "blend", "thorough blend", *PEERS):
            if method in sheet.seconds:
                seconds, size = min(sheet.seconds[method]), np.mean(sheet.sizes[method])
                rows.append(
                    [name, method, str(len(sheet.tasks(method))), f"{seconds:.1f}", f"{size / 1024:,.0f}"]
                )
    head = [
        "set",
        "method",
        "tasks",
        "processor seconds to choose, fit and judge, least of the folds",
        "kB saved",
    ]
    return ["### Time and size", "", *_table(head, rows)] if rows else []


def markdown(findings: Findings, how: str) -> str:
    """The whole report."""
    lines = ["# Quality", "", how, ""]
    for name, sheet in findings.sets.items():
        lines += _set(name, sheet)
    lines += _differences(findings) + _control(findings) + _scarce(findings)
    lines += _peers(findings) + _cost(findings)
    rows = [[c["claim"], f"{c['value']:+.4f}", "yes" if c["held"] else "**no**"] for c in findings.claims()]
    if rows:
        lines += ["### What is claimed", "", *_table(["claim", "found", "held"], rows)]
    return "\n".join(lines)


def as_json(findings: Findings) -> dict[str, Any]:
    """Everything, fold by fold."""

    def sheet_json(sheet: Sheet) -> dict[str, Any]:
        return {
            "scores": {m: dict(tasks) for m, tasks in sheet.scores.items()},
            "minus_baseline": {
                m: vars(sheet.difference(m))
                for m in sheet.scores
                if BASELINE in sheet.scores and m != BASELINE
            },
            "seconds": {m: float(np.mean(s)) for m, s in sheet.seconds.items()},
            "bytes": {m: float(np.mean(s)) for m, s in sheet.sizes.items()},
        }

    gains = {m: findings.scarce_gain(m) for m in ("linear", "own", "shared", "blend", "permuted blend")}
    return {
        "sets": {name: sheet_json(sheet) for name, sheet in findings.sets.items()},
        "scarce": {f"{s.cohort}/{s.task}/{s.share:g}": sheet_json(v) for s, v in findings.scarce.items()},
        "scarce_gain": {m: None if g is None else vars(g) for m, g in gains.items()},
        "published": PUBLISHED,
        "claims": findings.claims(),
    }
