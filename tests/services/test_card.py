"""The model card says what is there and nothing else, in both languages, and names what is wanting."""

from __future__ import annotations

import datetime
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from mtl import MultiTaskModel, language
from mtl.language import number, percent
from mtl.report.document import Points, Table, Words
from mtl.report.hti import HTI
from mtl.report.tripod import TRIPOD
from mtl.services import users
from mtl.services.card import card
from mtl.services.card.fill import FILLERS
from mtl.services.documents import facts as card_facts
from mtl.services.documents.facts import Facts, Known, Lacking
from mtl.services.evidence import metric_words
from mtl.store import cohorts, database, models

DAY = datetime.date(2026, 11, 28)
VIEWER = users.User("v", frozenset({"viewer"}))
RESEARCHER = users.User("ann@example.org", frozenset({"researcher"}))
HOSTILE = "<b onclick=x>![a](http://evil.example)</b> #panic() `x`"

# Collins et al. 2024, table 2: the letters of every item that has parts
PARTS_OF = {"3": "abc", "5": "ab", "6": "abc", "8": "abc", "9": "abc", "12": "abcdefg", "18": "abcdef", "20": "abc",
            "23": "ab", "27": "abc"}  # fmt: skip
# 45 CFR 170.315(b)(11)(iv)(B)(1)-(9): how many attributes each has
ATTRIBUTES = (4, 4, 2, 4, 2, 4, 5, 4, 2)
ROMAN = ("i", "ii", "iii", "iv", "v")


@pytest.fixture
def home(judged_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(judged_home))
    yield judged_home
    database.close()
    shutil.rmtree(judged_home / "cards", ignore_errors=True)


def facts_of(cohort: str) -> Facts:
    return card_facts.of_record(models.get(str(cohorts.get(cohort).model)))


def key_of(cohort: str) -> str:
    return str(cohorts.get(cohort).model)


def said(found: Known | Lacking | None) -> str:
    """Every word of an answer."""
    assert isinstance(found, Known)
    out: list[str] = []
    for block in found.blocks:
        match block:
            case Words():
                out.append(block.text)
            case Points():
                out += block.items
            case Table():
                out += [block.caption, *block.head, *(cell for row in block.rows for cell in row)]
    return "\n".join(out)


def fill(facts: Facts, checklist: str, item: str) -> Known | Lacking | None:
    return FILLERS[checklist][item](facts)


def close(words: str) -> str:
    return "".join(words.replace("\u200b", "").split())


# The lists ------------------------------------------------------------------------------------------------------------


def test_tripod_has_every_item_with_its_parts() -> None:
    wanted = [f"{n}{letter}" for n in map(str, range(1, 28)) for letter in PARTS_OF.get(n, " ")]
    assert [item.number for item in TRIPOD.items] == [one.strip() for one in wanted]
    assert len({item.whole for item in TRIPOD.items}) == 27
    # the column "development / evaluation" of the checklist
    assert {i.number for i in TRIPOD.items if i.phase == "D"} == {
        "9a",
        "12a",
        "12b",
        "12c",
        "15",
        "22",
        "27a",
        "27b",
    }
    assert {i.number for i in TRIPOD.items if i.phase == "E"} == {"12f", "12g", "20c", "24"}


def test_hti_has_every_attribute() -> None:
    wanted = [f"(B)({k})({ROMAN[j]})" for k, count in enumerate(ATTRIBUTES, 1) for j in range(count)]
    assert [item.number for item in HTI.items] == wanted
    assert len(wanted) == 31


def test_every_filler_belongs_to_an_item() -> None:
    for checklist in card.CHECKLISTS:
        assert set(FILLERS[checklist.key]) <= {item.number for item in checklist.items}


# What is filled -------------------------------------------------------------------------------------------------------


def test_the_counts_are_of_all_items(home: Path) -> None:
    found = card.open_card(key_of("rotterdam"))
    for checklist, answers in found.lists:
        assert sum(found.counts(checklist).values()) == len(answers) == len(checklist.items)
    assert found.counts(TRIPOD)["written"] == 0
    open_items = {answer.item.number for answer in found.lists[0][1] if answer.state == "open"}
    # nobody but an author can know these
    assert open_items >= {"3c", "8b", "8c", "9c", "17", "18a", "18b", "18c", "18d", "19", "25", "27c"}


def test_what_the_data_say_is_counted_from_them(home: Path) -> None:
    facts = facts_of("rotterdam")
    table = cohorts.get("rotterdam").table()
    hormone = int((table["hormon"] == 1).sum())
    assert (
        f"{number(hormone)} of {number(len(table))} training patients ({percent(hormone / len(table))})"
        in said(fill(facts, "tripod", "6c"))
    )
    positive = int((table["nodes"] > 0).sum())
    deaths = int((table["death"] == 1).sum())
    for item in ("10", "20a", "20b", "21"):
        told = said(fill(facts, "tripod", item))
        assert f"{number(positive)} with, {number(len(table) - positive)} without" in told
        assert number(deaths) in told
    assert "1978 to 1993" in said(fill(facts, "tripod", "5b"))
    assert "Year of surgery" in said(fill(facts, "tripod", "16"))  # what GBSG lacks
    assert "No known outcome there: Death from any cause" in said(fill(facts, "tripod", "16"))


def test_performance_is_the_evidence_as_printed(home: Path) -> None:
    facts = facts_of("rotterdam")
    told = said(fill(facts, "tripod", "23a"))
    assert facts.internal is not None
    for evidence in (facts.internal, *facts.external):
        for found in evidence.parts["accuracy"]["tasks"].values():
            for name in metric_words.main(found["kind"], found["metrics"], 5.0):
                if found["metrics"][name]["value"] is not None:
                    assert metric_words.value(found["metrics"][name]) in told
    assert "0.501 (0.491 to 0.511)" in said(fill(facts, "hti", "(B)(7)(i)"))
    assert "0.501" not in said(fill(facts, "hti", "(B)(7)(iii)"))
    assert "0.301 (0.291 to 0.311)" in said(fill(facts, "hti", "(B)(7)(iii)"))


def test_without_an_external_cohort_it_is_said_how_to_get_one(home: Path) -> None:
    facts = facts_of("cytology")
    for checklist, item in (
        ("tripod", "16"),
        ("tripod", "20c"),
        ("hti", "(B)(6)(i)"),
        ("hti", "(B)(7)(iii)"),
    ):
        found = fill(facts, checklist, item)
        assert isinstance(found, Lacking) and "Bring one" in found.how
    assert "not judged in patients from elsewhere" in said(fill(facts, "tripod", "26"))
    assert "Evaluated in other patients" not in said(fill(facts, "tripod", "1"))
    assert "Evaluated in other patients" in said(fill(facts_of("rotterdam"), "tripod", "1"))


def test_without_evidence_no_performance_is_claimed(home: Path) -> None:
    facts = facts_of("cytology")
    assert facts.internal is not None and not facts.internal.parts
    for checklist, item in (("tripod", "12e"), ("tripod", "23a"), ("hti", "(B)(7)(i)")):
        found = fill(facts, checklist, item)
        assert isinstance(found, Lacking) and "Not computed yet in" in found.how
    assert not re.search(r"0\.\d", said(fill(facts, "tripod", "2")))


def test_a_model_without_refits_says_so(home: Path) -> None:
    assert "Risks carry no intervals yet" in said(fill(facts_of("rotterdam"), "tripod", "26"))
    assert "Risks carry no intervals yet" not in said(fill(facts_of("pbc"), "tripod", "26"))


def test_a_study_without_treatments_sites_and_dates(home: Path) -> None:
    facts = facts_of("cytology")
    assert fill(facts, "tripod", "6c") is None
    assert fill(facts, "tripod", "5b") is None and fill(facts, "tripod", "6a") is None
    assert "names no column of sites" in said(fill(facts, "tripod", "12d"))
    assert "none of the" in said(fill(facts, "hti", "(B)(4)(ii)"))
    assert "Age at surgery" in said(fill(facts_of("rotterdam"), "hti", "(B)(4)(ii)"))


def test_an_exported_model_knows_nothing_of_its_patients(home: Path, tmp_path: Path) -> None:
    record = models.get(key_of("rotterdam"))
    facts = card_facts.of_folder(record.exported)
    for item in ("20b", "23a", "12e"):
        assert isinstance(fill(facts, "tripod", item), Lacking)
    assert isinstance(fill(facts, "hti", "(B)(4)(iii)"), Lacking)
    assert isinstance(fill(facts, "tripod", "5b"), Lacking)
    assert "Given to" not in said(fill(facts, "tripod", "6c"))
    assert "Trained" not in said(fill(facts, "tripod", "22"))
    assert facts.version == record.version
    informative = MultiTaskModel.load(record.exported).training_["informative"]
    assert number(informative["death"]) in said(fill(facts, "tripod", "10"))
    found = card.loose(record.exported)
    assert found.key == "" and "date of training not recorded" in found.facts
    assert card.file(found, "md", DAY).content


def test_the_digest_is_that_of_the_manifest(home: Path) -> None:
    import hashlib

    record = models.get(key_of("pbc"))
    digest = hashlib.sha256((record.exported / "manifest.json").read_bytes()).hexdigest()
    assert digest in said(fill(facts_of("pbc"), "tripod", "22"))


# What authors write ---------------------------------------------------------------------------------------------------


def test_words_of_an_author_are_kept_as_versions(home: Path) -> None:
    key = key_of("cytology")
    with users.acting(RESEARCHER):
        card.save(key, 0, {"tripod 17": "Approved.", "hti (B)(1)(i)": "Us"})
        card.save(key, 1, {"tripod 17": "", "tripod 19": "Nobody took part."})
    found = card.open_card(key)
    assert found.written is not None
    assert found.written.who == RESEARCHER.name
    assert found.written.answers == {"hti (B)(1)(i)": "Us", "tripod 19": "Nobody took part."}
    assert [one.number for one in card.versions(key)] == [2, 1]
    states = {answer.key: answer.state for _list, answers in found.lists for answer in answers}
    assert states["tripod 19"] == states["hti (B)(1)(i)"] == "written"
    assert states["tripod 17"] == "open"
    text = card.file(found, "md", DAY).content.decode()
    assert "Nobody took part\\." in text or "Nobody took part." in text
    assert "Approved" not in text


def test_who_may_do_what(home: Path) -> None:
    key = key_of("cytology")
    with users.acting(VIEWER):
        assert card.file(card.open_card(key), "md", DAY).content
        with pytest.raises(users.Forbidden, match="model:write"):
            card.save(key, 0, {"tripod 17": "x"})
    with users.acting(users.User("n", frozenset())), pytest.raises(users.Forbidden, match="model:read"):
        card.open_card(key)
    other = "own-aaaaaaaaaaaaaaaa-x"
    for ask in (lambda: card.open_card(other), lambda: card.versions(other), lambda: card.save(other, 0, {})):
        with pytest.raises(card.StoreError, match="there is no model"):
            ask()


def test_what_cannot_be_saved(home: Path) -> None:
    key = key_of("cytology")
    with pytest.raises(card.StoreError, match="no item"):
        card.save(key, 0, {"tripod 99": "x"})
    with pytest.raises(card.StoreError, match="at most"):
        card.save(key, 0, {"tripod 17": "x" * (card.LONGEST + 1)})
    card.save(key, 0, {"tripod 17": "a\x1b[2Jb\r\nc\x00"})
    with pytest.raises(card.CardConflict):
        card.save(key, 0, {"tripod 17": "z"})
    written = card.open_card(key).written
    assert written is not None and written.answers["tripod 17"] == "a[2Jb\nc"


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_the_files_say_what_the_screen_says(home: Path, lang: str) -> None:
    key = key_of("rotterdam")
    with users.acting(RESEARCHER):
        card.save(key, 0, {"tripod 17": HOSTILE})
    with language.use(lang):
        found = card.open_card(key)
        data = card.file(found, "pdf", DAY).content
        sheet = close("".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages))
        text = card.file(found, "md", DAY).content.decode()
        for checklist, answers in found.lists:
            assert close(found.counted(checklist)) in sheet
            for answer in answers:
                assert close(answer.item.number + language.gettext(answer.item.title)) in sheet, answer.item
                assert close(card.wanting(answer)) in sheet
                assert close(said(Known(answer.blocks)).split("\n")[0]) in sheet
    assert close(HOSTILE) in sheet
    assert "<b onclick" not in text.replace("\\<", "")
    assert data == _again(key, lang)
    assert PdfReader(io.BytesIO(data)).trailer["/Root"]["/MarkInfo"]["/Marked"]  # type: ignore[index]


def _again(key: str, lang: str) -> bytes:
    with language.use(lang):
        return card.file(card.open_card(key), "pdf", DAY).content


def test_markup_of_an_item_is_escaped(home: Path) -> None:
    found = card.open_card(key_of("rotterdam"))
    for _list, answers in found.lists:
        for answer in answers:
            tags = set(re.findall(r"<([a-z0-9]+)", card.markup(answer)))
            assert tags <= {"p", "ul", "li", "div", "table", "caption", "thead", "tbody", "tr", "th", "td"}


def test_no_other_kind_of_file(home: Path) -> None:
    with pytest.raises(ValueError, match="choose pdf or md"):
        card.file(card.open_card(key_of("pbc")), "docx", DAY)
