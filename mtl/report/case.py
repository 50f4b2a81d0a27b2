"""The case for the tumour board: what stands on the sheet, and how it becomes a PDF.

Everything on it is printed text, made where the screen's is made; nothing is computed or rounded here. It reaches the
template `case.typ` as JSON: words are words there, whatever signs they have.
"""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mtl.report.typeset import typeset

PAPERS = {"a4": "a4", "letter": "us-letter"}
TEMPLATE = Path(__file__).with_name("case.typ")
SIZES = (8.2, 7.9, 7.5, 7.2)  # points of the text: the largest with which the sheet has the fewest pages


@dataclass(frozen=True)
class Fact:
    """A finding; `mark` says what is unusual about it."""

    label: str
    text: str
    mark: str = ""


@dataclass(frozen=True)
class Gauge:
    """A number on a line from 0 to 1, with its interval and the cohort's middle where there are such."""

    value: float
    alt: str
    low: float | None = None
    high: float | None = None
    middle: float | None = None
    ends: tuple[str, str] = ("", "")
    kind: str = "gauge"


@dataclass(frozen=True)
class Share:
    """A class with its probability, as a length from 0 to 1 and in print."""

    label: str
    value: float
    text: str
    chosen: bool = False


@dataclass(frozen=True)
class Shares:
    """Every class of a task."""

    classes: tuple[Share, ...]
    alt: str
    kind: str = "shares"


@dataclass(frozen=True)
class RiskCurve:
    """The risk over time: points as shares of the axes' lengths, 0 to 1, from the lower left corner.

    `at` is the point that the number in print belongs to; `ticks` are places along the time axis with their words; `low`
    and `high` bound the patient's curve, where they are known.
    """

    patient: tuple[tuple[float, float], ...]
    reference: tuple[tuple[float, float], ...]
    ticks: tuple[tuple[float, str], ...]
    legend: tuple[str, str]
    alt: str
    at: tuple[float, float] | None = None
    low: tuple[tuple[float, float], ...] = ()
    high: tuple[tuple[float, float], ...] = ()
    kind: str = "curve"


@dataclass(frozen=True)
class TaskLine:
    """One task: what is asked, the number, its interval, and why.

    Attributes
    ----------
    question, number, interval
        In print; `number` is a dash and `words` say why where there is none.
    words
        The number as a count of patients, or why there is none.
    others
        The task's other numbers: the risk at other horizons.
    notes
        Less important: the place in the cohort.
    reasons
        Sentences, each with whether it raises the number.
    nothing
        Says that no finding moves the number, where that is so.
    figure
        None where there is no number.
    """

    question: str
    number: str
    interval: str
    words: str
    others: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reasons: tuple[tuple[str, bool], ...] = ()
    nothing: str = ""
    figure: Gauge | Shares | RiskCurve | None = None


@dataclass(frozen=True)
class Section:
    """Tasks of one role, in the order of care."""

    title: str
    lines: tuple[TaskLine, ...]


@dataclass(frozen=True)
class TreatmentNote:
    """What was usual and what is to be expected of one treatment.

    Attributes
    ----------
    title
        The treatment.
    usual
        How many patients like this one had it, in a sentence.
    benefit
        The expected difference with its interval, a sentence a horizon; or the refusal with its reason.
    harms
        A sentence; empty where none is recorded.
    citation
        Whose trial; empty where there is none.
    """

    title: str
    usual: str = ""
    benefit: tuple[str, ...] = ()
    harms: str = ""
    citation: str = ""


@dataclass(frozen=True)
class SimilarNote:
    """Patients like this one: sentences, and a table of counts where there is one (`head`, then `rows`)."""

    sentences: tuple[str, ...]
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class CasePage:
    """The whole sheet, in the reader's language.

    Attributes
    ----------
    language
        "en" or "zh", for hyphenation and screen readers.
    title
        "Patient 1393".
    about
        The cohort's title.
    badges
        What must be known before a number is read: out of distribution, training patient, demonstration only.
    facts
        How much is known, treatments given, model, dates.
    findings, missing
        Measured findings, and a sentence that names those that are not.
    sections, treatments, similar
        The numbers; what was usual and is expected; the nearest patients. Without the last two there is no such part.
    limits
        Sentences at the foot of the page.
    words
        What the template prints of its own: see `mtl.services.paper.reports`.
    printed
        The day on the sheet, also the file's date: the same case on the same day is the same file.
    """

    language: str
    title: str
    about: str
    facts: tuple[str, ...]
    findings: tuple[Fact, ...]
    missing: str
    sections: tuple[Section, ...]
    limits: tuple[str, ...]
    words: dict[str, str | list[str]]
    printed: datetime.date
    badges: tuple[str, ...] = ()
    treatments: tuple[TreatmentNote, ...] = ()
    similar: SimilarNote | None = field(default=None)


def pdf(page: CasePage, paper: str = "a4") -> bytes:
    """Set the sheet as PDF/UA-1: on one page where it fits, if need be in smaller print; else on several.

    Parameters
    ----------
    page
    paper
        "a4" or "letter".

    Raises
    ------
    ValueError
        There is no such paper.
    """
    if paper not in PAPERS:
        raise ValueError(f"paper {paper[:40]!r}: choose {' or '.join(PAPERS)}")
    content = asdict(page) | {"printed": page.printed.isoformat(), "paper": PAPERS[paper]}
    made = []
    for size in SIZES:
        made.append(typeset(TEMPLATE, content | {"size": size}, page.printed))
        if made[-1].pages == 1:
            break
    return min(made, key=lambda sheet: sheet.pages).data
