"""The printed case: the same numbers and words as the screen's, on paper."""

from __future__ import annotations

import datetime

from mtl.figures import curve, gauge
from mtl.figures.markup import Scale
from mtl.figures.palette import LIGHT
from mtl.language import _, date, listed, number, percent, study_language
from mtl.report import (
    PAPERS,
    CasePage,
    Fact,
    Gauge,
    RiskCurve,
    Section,
    Share,
    Shares,
    TaskLine,
    pdf,
)
from mtl.report.typeset import page_count
from mtl.services.paper.notes import similar_note, treatment_notes
from mtl.services.patients import witness, wording
from mtl.services.patients.view import Case, Number, TaskOutput
from mtl.services.users import require

__all__ = ["PAPERS", "case_page", "file_name", "page_pdf", "pages"]

TICKS = 6  # along the time axis, at most


def page_pdf(case: Case, paper: str = "a4", day: datetime.date | None = None) -> bytes:
    """The sheet of an opened case for the tumour board, as PDF/UA-1, in the language in use.

    Parameters
    ----------
    case
        As the screen shows it, at the same horizon.
    paper
        One of `PAPERS`: "a4" or "letter".
    day
        The date on it, today if left out; the same case on the same day gives the same bytes.

    Raises
    ------
    ValueError
        No such paper.
    """
    require("case:read")
    with witness.unseen():
        made = pdf(case_page(case, day or datetime.date.today()), paper)
    if (
        case.model.key
    ):  # of a model's folder and a table that lie outside the home there is nothing to say here
        witness.printed(case, paper)
    return made


def pages(data: bytes) -> int:
    """Pages of a sheet."""
    return page_count(data)


def file_name(case: Case) -> str:
    """What the file is called: the opaque key, never the patient's identifier."""
    return f"consilium-{case.key}.pdf"


def case_page(case: Case, day: datetime.date) -> CasePage:
    """What the sheet says; `day` is the date on it. What-if values are marked as such."""
    require("case:read")
    study, language = case.study, study_language()
    badges = (
        _("what if: not all findings are as recorded") if any(f.edited for f in case.findings) else "",
        wording.novel(case),
        wording.standing(case),
        _("for demonstration only") if study.demonstration else "",
    )
    facts = (wording.known(case), *wording.given(case), wording.trained(case))
    return CasePage(
        language=language,
        title=_("Patient {identifier}").format(identifier=case.identifier),
        about=study.title.get(language) or case.cohort_name,
        badges=tuple(filter(None, badges)),
        facts=facts,
        findings=tuple(
            Fact(
                wording.title(one.feature),
                one.text,
                wording.unusual(one) or (_("changed") if one.edited else ""),
            )
            for one in case.findings
            if not one.missing or one.unusual
        ),
        missing=_missing(case),
        sections=_sections(case),
        treatments=treatment_notes(case),
        similar=similar_note(case),
        limits=_limits(case),
        words=_words(case, day),
        printed=day,
    )


def _missing(case: Case) -> str:
    names = [wording.title(one.feature) for one in case.findings if one.missing and not one.unusual]
    if not names:
        return ""
    return _("Not measured: {names}").format(names=listed(names))


def _sections(case: Case) -> tuple[Section, ...]:
    found = []
    for role, heading in wording.ROLES.items():
        lines = tuple(_line(output) for output in case.outputs if output.task.role == role)
        if lines:
            found.append(Section(_(heading), lines))
    return tuple(found)


def _line(output: TaskOutput) -> TaskLine:
    shown = output.headline
    beside = shown.label if output.kind == "multiclass" else ""
    interval = wording.interval(output.kind, shown, output.task.decimals)
    words = (
        "" if output.kind == "regression" and shown.value is not None else wording.like_this(output, shown)
    )
    told = [(one.sentence, one.points > 0) for one in wording.reasons(output)]
    return TaskLine(
        question=wording.question(output, shown),
        number=shown.text,
        interval=" · ".join(filter(None, (beside, interval))),
        words=words,
        others=tuple(_others(output, shown)),
        notes=tuple(filter(None, _notes(output, shown))),
        reasons=tuple(told),
        nothing=wording.no_reason(output),
        figure=None if shown.value is None else _figure(output, shown),
    )


def _others(output: TaskOutput, shown: Number) -> list[str]:
    """Say the risk at the other horizons, also where it cannot be estimated."""
    found = []
    for one in output.numbers:
        if one.horizon is not None and one.column != shown.column:
            interval = "" if one.low is None else wording.interval(output.kind, one, output.task.decimals)
            text = f"{one.text} ({interval})" if interval else one.text
            found.append(_("{label}: {value}").format(label=one.label, value=text))
    return found


def _notes(output: TaskOutput, shown: Number) -> list[str]:
    notes = [wording.cohort_median(output, shown)] if output.kind in ("binary", "survival") else []
    if output.curve is not None and shown.value is not None:
        notes.append(wording.half_by(output.curve, wording.shown_until(output, output.curve)))
    if output.kind != "multiclass":
        notes.append(wording.place(shown))
    return [*notes, wording.how_sure(shown)]


def _figure(output: TaskOutput, shown: Number) -> Gauge | Shares | RiskCurve | None:
    assert shown.value is not None
    said = _("{label}: {value}").format(label=wording.question(output, shown), value=shown.text)
    if output.curve is not None:
        return _curve(output, shown)
    if output.kind == "multiclass":
        drawn = [Share(n.label, n.value or 0.0, n.text, n.column == shown.column) for n in output.numbers]
        alt = gauge.shares([gauge.Share(one.label, one.value, one.text) for one in drawn]).alt
        return Shares(tuple(drawn), alt)
    if output.kind == "regression":
        # no natural ends: the line is the cohort's order instead
        share = shown.cohort_share_below
        ends = (_("lowest"), _("highest"))
        return None if share is None else Gauge(share, said, middle=0.5, ends=ends)
    return Gauge(shown.value, said, shown.low, shown.high, shown.cohort_median, ("0", "100"))


def _curve(output: TaskOutput, shown: Number) -> RiskCurve:
    found = output.curve
    assert found is not None
    until = wording.shown_until(output, found)
    years = [float(year) for year in found.years if year <= until + 1e-9]
    across = Scale(0.0, until)
    patient = curve.Curve(years, found.risk[: len(years)].tolist())
    band = [
        curve.Curve(years, limit[: len(years)].tolist())
        for limit in (found.low, found.high)
        if limit is not None
    ]
    reference = curve.Curve(years, found.reference[: len(years)].tolist())
    risk = None if shown.horizon is None else curve.at(patient, shown.horizon)
    ticks = [(across.share(tick), number(tick)) for tick in across.ticks(TICKS) if across.share(tick) < 0.8]
    last = _("{count} years").format(count=number(round(until, 1)))
    return RiskCurve(
        patient=_points(across, patient),
        reference=_points(across, reference),
        ticks=(*ticks, (1.0, last)),
        legend=(_("this patient"), _("reference patient")),
        alt=curve.risk_curve(patient, reference, shown.horizon, until, wording.title(output.task), LIGHT).alt,
        at=None if risk is None or shown.horizon is None else (across.share(shown.horizon), risk),
        low=_points(across, band[0]) if band else (),
        high=_points(across, band[-1]) if band else (),
    )


def _points(across: Scale, drawn: curve.Curve) -> tuple[tuple[float, float], ...]:
    pairs = zip(drawn.years, drawn.risk, strict=True)
    return tuple((round(across.share(year), 4), round(risk, 4)) for year, risk in pairs)


def _limits(case: Case) -> tuple[str, ...]:
    left_out = _("{task} is left out: {reason}")
    return (
        wording.caution(),
        case.study.not_for.get(study_language()),
        _("The reasons are associations in the cohort, not causes."),
        _("Intervals of the model's numbers cover 90 %, those of groups of patients 95 %."),
        *(f"{left_out.format(task=name, reason=reason)}." for name, reason in case.left_out.items()),
    )


def _words(case: Case, day: datetime.date) -> dict[str, str | list[str]]:
    return {
        "printed": _("printed {date}").format(date=date(day)),
        "model": f"Consilium · {wording.trained(case)}",
        # Translators: the braces stay; the program for print fills them
        "page": _("page {page} of {pages}"),
        "levels": [percent(level) for level in (1.0, 0.5, 0.0)],
        "findings": _("Findings"),
        "treatments": _("Usual practice and expected benefit"),
        "similar": _("Patients like this one"),
        "decision": _("Decision of the board"),
        "name": _("Name"),
        "signature": _("Signature"),
        "date": _("Date"),
    }
