"""The sheet as a file: words stay words whatever they are, the standard is said, the same is the same."""

from __future__ import annotations

import datetime
import io
import unicodedata
from dataclasses import replace

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from mtl.report import (
    CasePage,
    Fact,
    Gauge,
    RiskCurve,
    Section,
    Share,
    Shares,
    SimilarNote,
    TaskLine,
    TreatmentNote,
    pdf,
)
from mtl.report.typeset import FONTS, at_hand, page_count, written
from tools import fonts

DAY = datetime.date(2026, 11, 23)
WORDS: dict[str, str | list[str]] = {
    "model": "model 1", "printed": "printed today",
    "page": "page {page} of {pages}", "levels": ["100 %", "50 %", "0 %"], "findings": "Findings",
    "treatments": "Usual practice", "similar": "Patients like this one", "decision": "Decision", "name": "Name",
    "signature": "Signature", "date": "Date",
}  # fmt: skip
CURVE = RiskCurve(
    patient=((0.0, 0.0), (0.5, 0.3), (1.0, 0.6)),
    reference=((0.0, 0.0), (1.0, 0.4)),
    ticks=((0.5, "5"), (1.0, "10 years")),
    legend=("this patient", "reference"),
    alt="risk over time",
    at=(0.5, 0.3),
)
LINES = (
    TaskLine("Malignant", "32 %", "25 to 41", "32 of 100", reasons=(("Size 3: 2 points higher", True),),
             figure=Gauge(0.32, "32 %", 0.25, 0.41, 0.5, ("0", "100"))),
    TaskLine("Stage", "60 %", "", "", figure=Shares((Share("one", 0.6, "60 %", True), Share("two", 0.4, "40 %")), "shares")),
    TaskLine("Death", "30 %", "interval pending", "", others=("1 year: 3 %",), notes=("half",), figure=CURVE),
    TaskLine("Area", "–", "", "cannot be estimated"),
)  # fmt: skip
PAGE = CasePage(
    language="en", title="Patient 7", about="A study", facts=("8 of 8 findings known",),
    findings=(Fact("Age", "61 years"), Fact("Size", "9 mm", "out of range")), missing="Not measured: Grade",
    sections=(Section("Diagnosis", LINES),), limits=("Not for today.",), words=WORDS, printed=DAY,
)  # fmt: skip
HOSTILE = [
    "#panic() ] [ * _ ` $ \\ <label> @ref // = - + /",
    '"; #import "x.typ": *; "',
    "#{read(\"/etc/passwd\")}",
    "<img src=x onerror=alert(1)>",
    "- = ~ ... --- 'q' \\u{41}",
]  # fmt: skip


def text(data: bytes) -> str:
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
    return " ".join(" ".join(pages).replace("\u200b", "").split())


def reader(data: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(data))


@pytest.mark.parametrize("identifier", HOSTILE)
def test_markup_is_printed_as_words(identifier: str) -> None:
    made = pdf(replace(PAGE, title=identifier, findings=(Fact(identifier, identifier),)))
    assert (
        text(made).count(" ".join(identifier.split())) >= 3
    )  # title, label, value; and the foot of the page


@pytest.mark.parametrize(
    ("identifier", "shown"),
    [
        ("a\tb\nc", "a b c"),
        ("\u202e1234", "[U+202E]1234"),
        ("\x07\x00", "[U+0007][U+0000]"),
        ("patient 😀", "patient [U+1F600]"),
        ("\ud800", "[U+D800]"),
        ("王鑫", "王鑫"),  # a common name whose second character is of level 2
        ("Ölçüm Ł", "Ölçüm Ł"),
        ("Иванов", "Иванов"),  # by a font that typst brings
    ],
)
def test_signs_that_cannot_be_printed_are_spelt_out(identifier: str, shown: str) -> None:
    assert shown in text(pdf(replace(PAGE, title=identifier)))


def test_writing_from_right_to_left_is_printed() -> None:
    shown = text(pdf(replace(PAGE, title="مرحبا שלום")))
    assert sum("\u0590" <= c <= "\u06ff" for c in unicodedata.normalize("NFKC", shown)) >= 9


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_any_identifier_makes_a_page(identifier: str) -> None:
    assert page_count(pdf(replace(PAGE, title=f"Patient {identifier}", about=identifier))) == 1


def test_a_long_identifier_stays_on_the_paper() -> None:
    found = reader(pdf(replace(PAGE, title="X" * 300)))
    right: list[float] = []

    def note(words: str, cm: list[float], tm: list[float], font: object, size: float) -> None:
        if words.strip():
            right.append(tm[4])

    found.pages[0].extract_text(visitor_text=note)
    assert max(right) < float(found.pages[0].mediabox.width)
    assert text(pdf(replace(PAGE, title="X" * 300))).replace(" ", "").count("X" * 300) >= 1


def test_it_says_that_it_is_accessible() -> None:
    found = reader(pdf(PAGE))
    meta = found.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in meta
    assert (
        found.trailer["/Root"]["/MarkInfo"]["/Marked"] is True
        or found.trailer["/Root"]["/MarkInfo"]["/Marked"]
    )
    assert found.trailer["/Root"]["/Lang"] == "en-GB"
    assert found.metadata is not None
    assert found.metadata.title == "Patient 7 · A study"
    for page in found.pages:
        for font in page["/Resources"]["/Font"].values():
            own = font.get_object()
            inner = own["/DescendantFonts"][0].get_object() if "/DescendantFonts" in own else own
            assert any(name in inner["/FontDescriptor"] for name in ("/FontFile", "/FontFile2", "/FontFile3"))


def test_figures_have_words() -> None:
    alts = [str(value) for value in alternatives(reader(pdf(PAGE)))]
    assert {"32 %", "shares", "risk over time"} <= set(alts)


def alternatives(found: PdfReader) -> list[object]:
    objects = (
        found.get_object(number)
        for number in range(1, len(found.xref.get(0, {})) + len(found.xref_objStm) + 1)
    )
    return [o["/Alt"] for o in objects if isinstance(o, dict) and "/Alt" in o]


@pytest.mark.parametrize(("paper", "size"), [("a4", (595.28, 841.89)), ("letter", (612, 792))])
def test_paper(paper: str, size: tuple[float, float]) -> None:
    box = reader(pdf(PAGE, paper)).pages[0].mediabox
    assert (float(box.width), float(box.height)) == pytest.approx(size, abs=0.02)


def test_no_other_paper() -> None:
    with pytest.raises(ValueError, match="choose a4 or letter"):
        pdf(PAGE, "a3")


def test_the_same_page_is_the_same_file() -> None:
    assert pdf(PAGE) == pdf(PAGE)
    assert pdf(PAGE) != pdf(replace(PAGE, printed=DAY + datetime.timedelta(days=1)))


def test_much_flows_to_a_second_page() -> None:
    many = replace(PAGE, sections=(Section("Diagnosis", LINES * 5),))
    data = pdf(many)
    assert len(reader(data).pages) == page_count(data) >= 2
    assert "page 2 of" in text(data)
    assert text(data).count("32 of 100") == 5


def test_treatments_and_similar_patients_are_printed() -> None:
    notes = (
        TreatmentNote("Tamoxifen", "3 of 10 had it.", ("8 points less.",), "Harms: clots.", "EBCTCG 2011"),
    )
    similar = SimilarNote(("20 patients.",), ("", "given", "not"), (("died", "3", "4"),))
    shown = text(pdf(replace(PAGE, treatments=notes, similar=similar)))
    for words in (
        "Tamoxifen 3 of 10 had it. 8 points less. Harms: clots. EBCTCG 2011",
        "20 patients.",
        "died 3 4",
    ):
        assert words in shown


def test_the_fonts_have_what_is_noted_and_are_small_and_licensed() -> None:
    held = {code for file in FONTS.glob("*.[ot]tf") for code in TTFont(file).getBestCmap()}
    assert {ord(c) for c in at_hand()} - {0x20, 0xA0} <= held
    assert fonts.used_characters() | fonts.gb2312(16, 87) <= at_hand(), "run `python tools/fonts.py`"
    assert sum(file.stat().st_size for file in FONTS.iterdir()) < 4_700_000
    for name in ("inter", "noto-sans-sc"):
        assert "SIL OPEN FONT LICENSE" in (FONTS / f"{name}-OFL.txt").read_text(encoding="utf-8")


def test_only_texts_change() -> None:
    assert written({"a": (1, 0.5, None, True, "x")}) == {"a": [1, 0.5, None, True, "x"]}
