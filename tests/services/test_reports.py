"""The printed case says what the screen says, to the last digit, in both languages."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader

from mtl import MultiTaskModel, language
from mtl.report import RiskCurve
from mtl.services import users
from mtl.services.paper import reports
from mtl.services.patients import cases, cohorts, loose, similar, wording
from mtl.services.patients.cases import Case
from mtl.services.treatment import treatments
from mtl.store import database, models

DAY = datetime.date(2026, 11, 23)
SAMPLES = Path(__file__).parents[2] / "sample_data"


@pytest.fixture
def home(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield sample_home
    database.close()


def key_of(cohort: str, place: int = 3) -> str:
    return str(cohorts.worklist(cohort, cohorts.Query(offset=place, limit=1)).rows["case_key"].iloc[0])


def text(data: bytes) -> str:
    """Every letter of a sheet, without the spaces and line breaks, which setting may move."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
    return plain("".join(pages))


def plain(words: str) -> str:
    return "".join(words.replace("\u200b", "").split())


def said(case: Case) -> Iterator[str]:
    """What the screen says of a case, and the sheet has to."""
    for output in case.outputs:
        shown = output.headline
        yield wording.question(output, shown)
        yield shown.text
        yield wording.interval(output.kind, shown, output.task.decimals)
        if output.kind != "regression" or shown.value is None:
            yield wording.like_this(output, shown)
        yield wording.how_sure(shown)
        for one in output.numbers:
            yield f"{one.label}{one.text}" if output.kind == "multiclass" else one.text
        for reason in wording.reasons(output):
            yield reason.sentence
    for finding in case.findings:
        yield wording.title(finding.feature)
        if not finding.missing:
            yield finding.text
    yield from (*wording.given(case), wording.known(case), wording.trained(case), wording.caution())


@pytest.mark.parametrize("lang", language.LANGUAGES)
@pytest.mark.parametrize("cohort", ["rotterdam", "gbsg", "cytology", "pbc"])
def test_the_sheet_says_what_the_screen_says(home: Path, cohort: str, lang: str) -> None:
    key = key_of(cohort)
    edits = {"gbsg": {"er": None, "grade": None}, "pbc": {"bili": None}}.get(cohort, {})
    with language.use(lang):
        for case in (cases.open_case(key), cases.open_case(key, edits)):
            sheet = text(reports.page_pdf(case))
            for words in said(case):
                assert plain(words) in sheet, words


def test_every_horizon_and_its_absence(home: Path) -> None:
    """GBSG's ten years cannot be told from its own follow-up, but the model was trained elsewhere; PBC stops early."""
    for cohort in ("rotterdam", "gbsg", "pbc"):
        case = cases.open_case(key_of(cohort))
        page = reports.case_page(case, DAY)
        for output in case.outputs:
            if output.kind == "survival":
                (line,) = [
                    one for s in page.sections for one in s.lines
                    if one.question == wording.question(output, output.headline)
                ]  # fmt: skip
                shown = {line.number, *(other.split(": ")[1].split(" (")[0] for other in line.others)}
                assert shown == {one.text for one in output.numbers}


def test_the_horizon_of_the_screen_is_that_of_the_sheet(home: Path) -> None:
    case = cases.open_case(key_of("rotterdam"), horizons={"recurrence": 10.0, "death": 10.0})
    page = reports.case_page(case, DAY)
    lines = page.sections[-1].lines
    assert [line.number for line in lines] == [output.headline.text for output in case.outputs[-2:]]
    assert all("10 years" in line.question for line in lines)


def test_missing_findings_are_named_and_stand_nowhere_else(home: Path) -> None:
    case = cases.open_case(key_of("rotterdam"), {"pgr": None, "grade": None})
    page = reports.case_page(case, DAY)
    assert page.missing == "Not measured: Histological grade, Progesterone receptor"
    assert {"Histological grade", "Progesterone receptor"}.isdisjoint(one.label for one in page.findings)


def test_what_is_unusual_is_said(home: Path) -> None:
    case = cases.open_case(key_of("rotterdam"), {"age": 130, "nodes": 60})
    page = reports.case_page(case, DAY)
    assert [one.mark for one in page.findings if one.label == "Age at surgery"] == ["out of range"]
    assert (wording.novel(case) in page.badges) == bool(case.novel)
    assert any("training patient" in badge for badge in page.badges) == case.in_training


@pytest.mark.parametrize("cohort", ["rotterdam", "gbsg", "cytology", "pbc"])
@pytest.mark.parametrize("paper", reports.PAPERS)
def test_a_common_case_fits_one_page(home: Path, cohort: str, paper: str) -> None:
    assert reports.pages(reports.page_pdf(cases.open_case(key_of(cohort)), paper)) == 1


def test_the_same_case_on_the_same_day_is_the_same_file(home: Path) -> None:
    case = cases.open_case(key_of("cytology"))
    assert reports.page_pdf(case, day=DAY) == reports.page_pdf(cases.open_case(case.key), day=DAY)


def test_not_a_medical_device_is_said_once(home: Path) -> None:
    sheet = text(reports.page_pdf(cases.open_case(key_of("rotterdam"))))
    assert sheet.count("Notamedicaldevice") == 1


def test_the_file_is_not_called_after_the_patient(home: Path) -> None:
    case = cases.open_case(key_of("rotterdam"))
    assert reports.file_name(case) == f"consilium-{case.key}.pdf"


def test_a_viewer_of_cohorts_gets_no_sheet(home: Path) -> None:
    case = cases.open_case(key_of("rotterdam"))
    with (
        users.acting(users.User("v", frozenset({"viewer"}))),
        pytest.raises(users.Forbidden, match="case:read"),
    ):
        reports.page_pdf(case)


def test_a_loose_patient_has_the_numbers_of_the_model_and_is_compared_with_nobody(home: Path) -> None:
    record = home / "models"
    model = MultiTaskModel.load(next(record.glob("cytology-*")) / "model")
    row = pd.read_csv(SAMPLES / "cytology" / "test.csv").head(1)
    case = loose.case(model, row)
    assert case.output("malignant").headline.value == pytest.approx(
        float(model.predict(row)["malignant"].iloc[0])
    )
    assert case.output("malignant").headline.cohort_median is None
    assert not case.in_training
    page = reports.case_page(case, DAY)
    assert "model " in page.facts[-1]
    assert json.dumps(page.words)
    assert reports.pages(reports.page_pdf(case)) == 1


def test_what_the_treatment_view_and_the_similar_patients_say(home: Path) -> None:
    """One promise with its interval and source, one refusal with its reason, and the group's own outcomes."""
    rows = cohorts.worklist("rotterdam", cohorts.Query(search="41", limit=500)).rows
    case = cases.open_case(str(rows[rows["identifier"].astype(str) == "41"]["case_key"].iloc[0]))
    page = reports.case_page(case, DAY)
    view = treatments.view(case.key, "hormon")
    promise = view.expected[0].shown
    assert promise is not None
    shown = promise.at(5.0)
    hormone, chemo = page.treatments
    for words in (
        shown.untreated_text,
        shown.treated_text,
        shown.difference_text,
        shown.interval_text,
        promise.ratio,
    ):
        assert words in hormone.benefit[0]
    assert hormone.citation == promise.trial.citation
    assert chemo.benefit[0].startswith("Not shown: ")
    assert not chemo.citation
    found = similar.similar(case, "recurrence")
    assert found is not None
    assert page.similar is not None
    for outcome, row in zip([o for o in found.outcomes if o.curve], page.similar.rows, strict=True):
        assert all(one.text in cell for one, cell in zip(outcome.numbers, row[1:], strict=True))
    sheet = text(reports.page_pdf(case))
    for words in (
        *hormone.benefit,
        hormone.harms,
        *chemo.benefit,
        *page.similar.sentences,
        *page.similar.rows[0],
    ):
        assert plain(words) in sheet, words


def test_an_edited_case_says_so(home: Path) -> None:
    case = cases.open_case(key_of("rotterdam"), {"er": None, "nodes": 4})
    page = reports.case_page(case, DAY)
    assert page.badges[0].startswith("what if")
    assert [one.label for one in page.findings if one.mark == "changed"] == ["Positive lymph nodes"]
    assert any(
        "Not shown" in sentence for note in page.treatments for sentence in note.benefit
    )  # ER is not known


def test_a_training_patient_of_a_table_is_the_case_of_the_app(home: Path) -> None:
    case = cases.open_case(key_of("rotterdam"))
    record = models.get(case.model.key)
    table = pd.read_csv(SAMPLES / "rotterdam" / "cohort.csv")
    row = table[table["pid"].astype(str) == case.identifier]
    found = loose.case(MultiTaskModel.load(record.exported), row, 0, record)
    assert found.key == case.key
    changed = loose.case(MultiTaskModel.load(record.exported), row.assign(hormon=1), 0, record)
    assert changed.key == ""


def test_the_band_is_on_paper_where_the_screen_has_one(home: Path) -> None:
    case = cases.open_case(key_of("rotterdam"))
    for output, line in zip(
        case.outputs, [one for s in reports.case_page(case, DAY).sections for one in s.lines], strict=True
    ):
        if output.curve is None or output.curve.low is None or output.curve.high is None:
            continue
        assert isinstance(line.figure, RiskCurve)
        assert len(line.figure.low) == len(line.figure.high) == len(line.figure.patient)
        for (_x, low), (_y, risk), (_z, high) in zip(
            line.figure.low, line.figure.patient, line.figure.high, strict=True
        ):
            assert low - 1e-4 <= risk <= high + 1e-4
        assert line.interval
