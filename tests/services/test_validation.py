"""The validation report holds every part of the evidence that is there, as printed on screen, and names the rest."""

from __future__ import annotations

import datetime
import io
import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from mtl import language
from mtl.jobs.evidence import PARTS, gather
from mtl.report.document import Beside, Document, Picture, Table
from mtl.services import users
from mtl.services.documents import facts as card_facts
from mtl.services.documents.facts import Evidence, Facts
from mtl.services.evidence import metric_words
from mtl.services.evidence import subgroup_words as groups
from mtl.services.evidence import words as evidence_words
from mtl.services.patients.wording import title
from mtl.services.validation import parts as validation_parts
from mtl.services.validation import validation
from mtl.store import cohorts, database, models
from mtl.store.cohorts import CohortError
from tests import made_evidence

DAY = datetime.date(2026, 11, 28)
CHEAP = (
    "accuracy",
    "side_by_side",
    "calibration",
    "cutoff",
    "subgroups",
    "missing",
    "robustness",
    "coverage",
)


@pytest.fixture(scope="module")
def gathered_home(judged_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every cheap part of cytology, and those of GBSG that are about time and about another cohort."""
    home = tmp_path_factory.mktemp("gathered") / "home"
    made_evidence.copied(judged_home, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSILIUM_HOME", str(home))
        for key, parts in (("cytology", CHEAP), ("gbsg", ("calibration", "cutoff", "risk_groups", "shift"))):
            for part in parts:
                gather(
                    {"part": part, "model": cohorts.get(key).model, "cohort": key}, lambda stage, share: None
                )
        database.close()
    return home


@pytest.fixture
def home(gathered_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(gathered_home))
    yield gathered_home
    database.close()


def of(cohort: str) -> tuple[Facts, Evidence]:
    found = cohorts.get(cohort)
    record = models.get(str(found.model))
    return card_facts.of_record(record), card_facts.gathered(record, found)


def close(words: str) -> str:
    return "".join(words.replace("\u200b", "").split())


def sheet(data: bytes) -> str:
    return close("".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages))


def pictures(document: Document) -> list[Picture]:
    out = []
    for block in document.blocks():
        out += (
            [block]
            if isinstance(block, Picture)
            else list(block.pictures)
            if isinstance(block, Beside)
            else []
        )
    return out


def test_every_part_has_its_section(home: Path) -> None:
    assert set(validation_parts.SECTIONS) == set(PARTS)


@pytest.mark.parametrize("lang", language.LANGUAGES)
@pytest.mark.parametrize("cohort", ["cytology", "gbsg"])
def test_the_report_has_the_numbers_of_the_screen(home: Path, cohort: str, lang: str) -> None:
    with language.use(lang):
        facts, evidence = of(cohort)
        page = sheet(validation.of_cohort(cohort, "pdf", DAY).content)
        html = validation.of_cohort(cohort, "html", DAY).content.decode()
        text = close(re.sub(r"<[^>]*>", "", html))
        for name, one in evidence.parts["accuracy"]["tasks"].items():
            task = facts.study.task(name)
            assert close(title(task)) in page and close(title(task)) in text
            for metric, value in one["metrics"].items():
                printed = close(evidence_words.value(value))
                assert printed in page, (name, metric)
                assert printed in text, (name, metric)
                head, _category, horizon = evidence_words.parts(metric)
                assert close(metric_words.title(head if horizon else metric, task)) in page
        for name in evidence.parts:
            assert close(validation_parts.heading(name)) in page


def test_subgroups_are_all_there_and_small_ones_have_no_number(home: Path) -> None:
    facts, evidence = of("cytology")
    made = validation.document(facts, evidence, DAY)
    tables = [block for block in made.blocks() if isinstance(block, Table)]
    for one in evidence.parts["subgroups"]["tasks"].values():
        metric = next(iter(one["metrics"]))
        (table,) = [
            t for t in tables
            if evidence_words.event(facts.study, one["key"]) in t.caption and groups.few() in t.caption
        ]  # fmt: skip
        rows = iter(table.rows[1:])
        for entry in one["features"].values():
            for group in entry["groups"]:
                row = next(rows)
                want = "–" if "few" in group else metric_words.value(group["metrics"][metric])
                assert row[4].removesuffix(" *") == want
        assert next(rows, None) is None


def test_every_picture_is_well_formed_and_has_words(home: Path) -> None:
    for cohort, least in (("cytology", 6), ("gbsg", 8)):
        found = pictures(validation.document(*of(cohort), DAY))
        assert len(found) >= least
        for picture in found:
            ET.fromstring(picture.svg)
            assert picture.alt and picture.svg.count("aria-label") == 1
            assert not re.search(r"[\"', ](nan|inf|None)\b", picture.svg.partition(">")[2])


def test_the_page_asks_for_nothing(home: Path) -> None:
    html = validation.of_cohort("gbsg", "html", DAY).content.decode()
    assert not re.search(r"<(script|link|img|iframe|object|form)\b", html)
    assert not re.search(r"\s(src|on\w+)=", html)
    assert not re.search(r"url\(|@import", html)
    levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(re.findall("<svg ", html)) == len(re.findall('role="img" aria-label="[^"]', html))
    assert html.count("<table>") == html.count("</table>") and "<th>" not in html


def test_what_was_not_computed_is_named(home: Path) -> None:
    facts, evidence = of("gbsg")
    found = validation.contents("gbsg")
    assert "Risk groups" in found.there and "Shift" in found.there
    assert "Subgroups" in found.lacking and "Recalibration" in found.lacking
    assert "What sharing brought" in found.lacking  # of the training
    last = validation.document(facts, evidence, DAY).parts[-1]
    assert last.title == "Not in this report"
    assert set(found.there) | set(found.lacking) == {validation_parts.heading(name) for name in PARTS}
    # the training's own patients have no shift from themselves
    assert "Shift" not in validation.contents("rotterdam").lacking


def test_only_the_tasks_asked_for(home: Path) -> None:
    facts, evidence = of("gbsg")
    text = validation.file(facts, evidence, "md", DAY, ["recurrence"]).content.decode()
    assert "Recurrence or death" in text and "### Grade 3" not in text and "### Chemotherapy" not in text
    with pytest.raises(ValueError, match="no task 'nothing'"):
        validation.file(facts, evidence, "md", DAY, ["nothing"])


def test_it_says_whose_patients_they_are(home: Path) -> None:
    assert validation.document(*of("gbsg"), DAY).badges == ("other patients than those of the training",)
    assert "training patients, out of fold" in validation.document(*of("rotterdam"), DAY).badges


def test_the_same_day_the_same_file(home: Path) -> None:
    for kind in validation.FORMATS:
        first, second = (validation.of_cohort("gbsg", kind, DAY).content for _ in range(2))
        assert first == second
    assert validation.name_of("gbsg", "pdf") == validation.of_cohort("gbsg", "pdf", DAY).name


def test_who_may_read_it(home: Path) -> None:
    with users.acting(users.User("n", frozenset())), pytest.raises(users.Forbidden, match="model:read"):
        validation.of_cohort("gbsg", "md", DAY)
    with users.acting(users.User("v", frozenset({"viewer"}))):
        assert validation.of_cohort("gbsg", "md", DAY).content
    with pytest.raises(CohortError):
        validation.of_cohort("own-aaaaaaaaaaaaaaaa-x", "md", DAY)
    with pytest.raises(ValueError, match="choose pdf, html, md"):
        validation.of_cohort("gbsg", "docx", DAY)
