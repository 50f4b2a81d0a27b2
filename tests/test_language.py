"""Languages: choosing one, its words, its numbers, and catalogues that agree with the code."""

from __future__ import annotations

import datetime
import threading
from pathlib import Path

import pytest
from babel import numbers
from babel.messages.catalog import Catalog
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl import language
from mtl.language import LANGUAGES, LanguageError, match, ngettext, number, percent, signed, span, use
from tools import catalogues

NO_BREAK = "\u00a0"


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("zh", "zh_Hans"),
        ("zh_Hans", "zh_Hans"),
        ("zh-CN", "zh_Hans"),
        ("fr", None),
        ("", None),
        (None, None),
    ],
)
def test_language_tags_are_matched(tag: str | None, code: str | None) -> None:
    assert match(tag) == code


def test_language_is_set_in_a_block_only() -> None:
    with use("zh_Hans"):
        assert language.language() == "zh_Hans"
        assert language.study_language() == "zh"
        with use("en"):
            assert language.language() == "en"
        assert language.language() == "zh_Hans"
    assert language.language() == "en"


def test_a_thread_follows_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fragment runs in a thread of its own, where the shell has not set the language."""
    monkeypatch.setattr(language, "_ask", lambda: "zh_Hans")
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(language.gettext("Overview")))
    thread.start()
    thread.join()
    assert seen == ["概览"]
    with use("en"):
        assert language.gettext("Overview") == "Overview"


def test_an_unknown_language_is_refused_with_those_that_exist() -> None:
    with pytest.raises(LanguageError, match=r"'tlh'; use one of en, zh_Hans"):
        language.set_language("tlh")


def test_words_equal_those_that_babel_reads() -> None:
    """Our reader hands the catalogue to gettext; Babel's own reader is the second opinion."""
    path = language.LOCALE_FOLDER / "zh_Hans" / "LC_MESSAGES" / "consilium.po"
    catalogue = catalogues.read(path)
    assert len(catalogues.entries(catalogue)) > 10
    with use("zh_Hans"):
        for message in catalogue:
            if isinstance(message.id, str) and message.id and message.string and not message.context:
                assert language.gettext(message.id) == message.string


def test_a_message_without_translation_stays_english() -> None:
    with use("zh_Hans"):
        assert language.gettext("There is no such message") == "There is no such message"
        assert ngettext("{count} nowhere", "{count} nowheres", 2) == "{count} nowheres"


@pytest.mark.parametrize(
    ("proportion", "decimals", "english", "chinese"),
    [
        (0.58, 0, "58 %", "58%"),
        (0.5842, 1, "58.4 %", "58.4%"),
        (0.0, 0, "0 %", "0%"),
        (1.0, 0, "100 %", "100%"),
        (0.004, 0, "<1 %", "<1%"),
        (0.005, 0, "<1 %", "<1%"),
        (0.996, 0, ">99 %", ">99%"),
        (0.9996, 1, ">99.9 %", ">99.9%"),
        (-0.04, 0, "−4 %", "−4%"),
        (float("nan"), 0, "–", "–"),
    ],
)
def test_percentages(proportion: float, decimals: int, english: str, chinese: str) -> None:
    assert percent(proportion, decimals).replace(NO_BREAK, " ") == english
    with use("zh_Hans"):
        assert percent(proportion, decimals) == chinese


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (2982, None, "2,982"),
        (0.125, None, "0.125"),
        (-3, None, "−3"),
        (-0.001, 1, "0.0"),
        (1e6, 2, "1,000,000.00"),
    ],
)
def test_numbers(value: float, decimals: int | None, text: str) -> None:
    assert number(value, decimals) == text


def test_differences_carry_their_sign() -> None:
    assert signed(6) == "+6"
    assert signed(-5.4, 1) == "−5.4"
    assert signed(-0.3) == "0"
    with use("zh_Hans"):
        assert signed(6) == "+6"


def test_spans_and_dates_in_each_language() -> None:
    day = datetime.date(2026, 11, 12)
    assert (span(62, 78), language.date(day)) == ("62 to 78", "12 Nov 2026")
    with use("zh_Hans"):
        assert (span(62, 78), language.date(day)) == ("62～78", "2026年11月12日")


def test_every_language_but_english_has_a_catalogue() -> None:
    held = {path.parent.parent.name for path in language.LOCALE_FOLDER.glob("*/LC_MESSAGES/consilium.po")}
    assert held | {"en"} == set(LANGUAGES)


def _po(tmp_path: Path, body: str) -> Catalog:
    path = tmp_path / "zh_Hans" / "LC_MESSAGES" / "consilium.po"
    path.parent.mkdir(parents=True)
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    path.write_text(head + body, encoding="utf-8")
    return catalogues.read(path)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "lacks '{count} seats'"),
        ('msgid "{count} seats"\nmsgstr "{number}"\n', "other placeholders"),
        ('#, fuzzy\nmsgid "{count} seats"\nmsgstr "{count}"\n', "is uncertain"),
        ('msgid "{count} seats"\nmsgstr ""\n\nmsgid "old"\nmsgstr ""\n', "keeps 'old'"),
    ],
)
def test_the_check_finds(tmp_path: Path, body: str, problem: str) -> None:
    code = Catalog()
    code.add("{count} seats", locations=[("pages/hall.py", 0)])
    found = catalogues.problems(code, _po(tmp_path, body))
    assert len(found) == 1
    assert problem in found[0]


def test_the_check_accepts_a_catalogue_that_agrees(tmp_path: Path) -> None:
    code = Catalog()
    code.add("{count} seats", locations=[("pages/hall.py", 0)])
    held = _po(tmp_path, 'msgid "{count} seats"\nmsgstr "{count} 个座位"\n')
    assert catalogues.problems(code, held) == []
    assert catalogues.untranslated(held) == []


@settings(max_examples=150, deadline=None)
@given(
    value=st.one_of(st.floats(-1e15, 1e15), st.integers(-(10**9), 10**9), st.floats(-1e4, 1e4)),
    decimals=st.one_of(st.none(), st.integers(0, 10)),
)
@pytest.mark.parametrize("code", LANGUAGES)
def test_a_number_is_written_as_babel_writes_it(code: str, value: float, decimals: int | None) -> None:
    """Within Babel's 28 digits; beyond them it raises."""
    places = "###" if decimals is None else "0" * decimals
    pattern = "#,##0" + ("." + places if places else "")
    locale = {"en": "en_GB", "zh_Hans": "zh_Hans_CN"}[code]
    theirs = numbers.format_decimal(value, format=pattern, locale=locale)
    if not any(digit in theirs for digit in "123456789"):
        theirs = theirs.removeprefix("-")
    with use(code):
        assert number(value, decimals) == theirs.replace("-", "\u2212")


def test_numbers_beyond_all_measure_are_written() -> None:
    assert number(1e25) == "10" + ",000" * 8
    assert number(float("inf")) == "∞"
    assert number(float("-inf"), 1) == "\u2212∞"
