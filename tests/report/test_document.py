"""A document in its three forms: the same words in each, nothing in them markup, nothing asked of outside."""

from __future__ import annotations

import datetime
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from pypdf import PdfReader

from mtl.figures import svg
from mtl.report.document import Beside, Document, Part, Picture, Points, Table, Words, pdf
from mtl.report.document_html import page
from mtl.report.document_markdown import markdown, plain

HOSTILE = "<img src=x onerror=alert(1)> ![a](http://evil.example/a.png) #panic() *b* `c` \u202e 😀"
LINE = svg.chart(
    [svg.Series(HOSTILE, (0.0, 0.5, 1.0), (0.1, 0.4, 0.9), (0.0, 0.3, 0.8), (0.2, 0.5, 1.0))],
    svg.Axis(HOSTILE, 0.0, 1.0, True), svg.Axis("观察", 0.0, 1.0), HOSTILE, svg.Bars("n", (1, 2, 3)), True,
)  # fmt: skip
ROWS = svg.forest(
    [svg.Row(HOSTILE, "0.7", 0.7, 0.6, 0.8), svg.Row("无", "–", None)], svg.Axis("C", 0.5, 1.0), "rows", 0.5
)
VOID = {"meta", "br", "img", "rect", "line", "circle", "polyline", "polygon", "path"}


def made(language: str = "en") -> Document:
    blocks = (
        Words(HOSTILE),
        Words("quiet", Words.QUIET),
        Points((HOSTILE, "two")),
        Table(HOSTILE, ("head", HOSTILE), (("row", HOSTILE), ("two", "2"))),
        Table("", (), (("a", "1"),)),
        Picture(ROWS.svg, ROWS.alt, HOSTILE, ROWS.width),
        Beside((Picture(LINE.svg, LINE.alt, "one"), Picture(LINE.svg, LINE.alt, "two"))),
    )
    inner = Part("Inner", (Words("1. no list"), Words("lacking", Words.LACKING)), (), "5a", "mark")
    return Document(
        language, HOSTILE, "about", ("fact", HOSTILE), (Part("First", blocks, (inner,)), Part("Second")),
        {"printed": "printed today", "page": "page {page} of {pages}", "contents": "Contents", "foot": "foot"},
        datetime.date(2026, 11, 28), (HOSTILE,),
    )  # fmt: skip


class Outline(HTMLParser):
    """Tags, headings and what is inside tables, with every tag closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)


def test_the_page_stands_alone_and_is_well_formed() -> None:
    found = Outline(page(made()))
    assert found.headings[0] == 1 and found.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(found.headings, found.headings[1:], strict=False))
    names = {tag for tag, _attrs in found.tags}
    assert not names & {"script", "link", "iframe", "object", "form", "input", "img", "base"}
    for tag, attrs in found.tags:
        assert not set(attrs) & {"src", "onclick", "onload", "onerror", "srcset", "xlink:href"}, tag
        assert tag != "a" or str(attrs["href"]).startswith("#part-")
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg|e|…)", page(made()))
    policy = next(attrs for tag, attrs in found.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert str(policy["content"]).startswith("default-src 'none'")
    images = [attrs for tag, attrs in found.tags if tag == "svg"]
    assert len(images) == 3
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in images)
    heads = [attrs["scope"] for tag, attrs in found.tags if tag == "th"]
    assert heads.count("col") == 2 and heads.count("row") == 3
    ids = [attrs["id"] for _tag, attrs in found.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_every_word_is_in_every_form() -> None:
    read = "".join("".join(Outline(page(made())).words).split())
    sheet = "".join("".join(p.extract_text() for p in PdfReader(io.BytesIO(pdf(made()))).pages).split())
    sheet = sheet.replace("\u200b", "")
    text = markdown(made())
    for words in (
        "about",
        "fact",
        "quiet",
        "two",
        "head",
        "row",
        "lacking",
        "no list",
        "mark",
        "foot",
        "First",
        "Second",
        "5a",
    ):
        close = words.replace(" ", "")
        assert close in read and close in sheet and plain(words) in text, words
    assert "#panic()" in read and "#panic()" in sheet
    assert read.count("<imgsrc=xonerror=alert(1)>") >= 8
    assert "[U+202E]" in sheet and "[U+1F600]" in sheet


def test_markdown_has_no_markup_of_others() -> None:
    text = markdown(made())
    assert not re.search(r"(?<!\\)!\[", text) and not re.search(r"(?<!\\)<", text)
    assert "1\\. no list" in text
    assert text.count("\n# ") == 0 and text.startswith("# ")
    assert len(re.findall(r"^\| --- \| --- \|$", text, flags=re.MULTILINE)) == 2


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pdf_is_accessible_and_repeatable(language: str) -> None:
    data = pdf(made(language))
    root = PdfReader(io.BytesIO(data)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"].startswith(language)  # type: ignore[index]
    assert b"pdfuaid:part" in data
    assert data == pdf(made(language))
    assert data != pdf(replace(made(language), printed=datetime.date(2026, 11, 29)))
