"""The model card: every item of TRIPOD+AI and HTI-1 with what the program knows and what authors have written."""

from __future__ import annotations

import datetime
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mtl.language import N_, _, date, language, listed, number, study_language
from mtl.report.card_items import Checklist, Item
from mtl.report.document import Block, Document, Part, Points, Words, pdf
from mtl.report.document_html import block_markup
from mtl.report.document_markdown import markdown
from mtl.report.hti import HTI
from mtl.report.tripod import TRIPOD
from mtl.services import trail
from mtl.services.card.fill import FILLERS
from mtl.services.card.study import shown
from mtl.services.documents import facts as card_facts
from mtl.services.documents.facts import Facts, Known, Lacking
from mtl.services.loaded import record
from mtl.services.owners import may_change, may_see
from mtl.services.patients.wording import caution, day
from mtl.services.treatment.trial_document import Document as File
from mtl.services.users import require
from mtl.store import cards, models
from mtl.store.cards import LONGEST, CardConflict, CardVersion
from mtl.store.database import StoreError

__all__ = [
    "CHECKLISTS", "EDIT", "FORMATS", "LONGEST", "READ", "STATES", "Answer", "Card", "CardConflict", "CardVersion",
    "Checklist", "StoreError", "available", "document", "file", "file_name", "loose", "markup", "open_card", "save",
    "versions", "wanting",
]  # fmt: skip

READ, EDIT = "model:read", "model:write"
CHECKLISTS: tuple[Checklist, ...] = (TRIPOD, HTI)
FORMATS = {"pdf": "application/pdf", "md": "text/markdown"}
State = Literal["known", "written", "partly", "open"]
STATES: dict[State, str] = {
    "known": N_("filled by the program"),
    "written": N_("completed by an author"),
    "partly": N_("partly filled"),
    "open": N_("to be completed"),
}


@dataclass(frozen=True)
class Answer:
    """One item as it stands on the card.

    Attributes
    ----------
    key : str
        "tripod 5a": what an author's words are kept under.
    item : Item
    blocks : tuple of Block
        What the program knows; empty where it knows nothing.
    rest : str
        What the program leaves to the author; empty where it knows all, or nothing.
    how : str
        How evidence that is not there is got; empty where none is wanting.
    words : str
        What an author has written.
    """

    key: str
    item: Item
    blocks: tuple[Block, ...]
    rest: str
    how: str
    words: str

    @property
    def state(self) -> State:
        """Whether the item is filled, and by whom."""
        if self.words:
            return "written"
        if not self.blocks:
            return "open"
        return "partly" if self.rest else "known"


@dataclass(frozen=True)
class Card:
    """A model's card.

    Attributes
    ----------
    key : str
        Of the model; empty for one that came as a folder.
    study, title : str
        Name of its study; what it is called, in the reader's language.
    version, trained : str
        Of the model: short name of the content, ISO 8601 or empty.
    demonstration : bool
    facts : tuple of str
        What is known of the model, in short.
    use, not_for : str
        As the study has them.
    lists : tuple
        Each checklist with its answers in order.
    written : CardVersion or None
        The authors' newest version.
    """

    key: str
    study: str
    title: str
    version: str
    trained: str
    demonstration: bool
    facts: tuple[str, ...]
    use: str
    not_for: str
    lists: tuple[tuple[Checklist, tuple[Answer, ...]], ...]
    written: CardVersion | None

    def counts(self, checklist: Checklist) -> dict[State, int]:
        """How many items of a list are in which state; they sum to all of them."""
        answers = next(found for one, found in self.lists if one is checklist)
        return {state: sum(answer.state == state for answer in answers) for state in STATES}

    def counted(self, checklist: Checklist) -> str:
        """The same in words: "52 entries: 12 filled by the program, ..."."""
        found = self.counts(checklist)
        parts = [
            _("{count} {state}").format(count=number(count), state=_(STATES[state]))
            for state, count in found.items()
            if count
        ]
        head = _("{count} entries").format(count=number(sum(found.values())))
        return _("{label}: {value}").format(label=head, value=listed(parts))


def available() -> dict[str, str]:
    """The registered models that the user may see, the newest first: by key, what each is called."""
    require(READ)
    return {
        found.key: " · ".join(
            (
                shown(card_facts.study_of(found.exported)),
                _("model {version}, {date}").format(version=found.version, date=day(found.trained)),
            )
        )
        for found in models.every()
        if may_see(found.key)
    }


def open_card(model: str) -> Card:
    """The card of a registered model.

    Raises
    ------
    StoreError
        There is no such model; somebody else's is not told apart.
    """
    require(READ)
    _known(model)
    return _card(card_facts.of_record(record(model)), model, cards.latest(model))


def loose(folder: str | Path) -> Card:
    """The card of a model that came as a folder: nobody has written on it, and nothing is known of its patients."""
    require(READ)
    return _card(card_facts.of_folder(Path(folder)), "", None)


def versions(model: str) -> list[CardVersion]:
    """What authors have written, version by version, the newest first. Raises as `open_card`."""
    require(READ)
    _known(model)
    return cards.versions(model)[::-1]


def save(model: str, base: int, answers: dict[str, str]) -> CardVersion:
    """Keep what an author has written, as a new version; an empty answer takes the item's words away.

    Parameters
    ----------
    base
        Number of the version that the author had before them, 0 for none.
    answers
        By key of the answer; items that are not named keep their words.

    Raises
    ------
    CardConflict
        Somebody else saved meanwhile.
    StoreError
        No such model or item, or an answer is too long.
    """
    user = require(EDIT)
    _known(model)
    if not may_change(model):
        raise StoreError(f"model {model[:80]!r} is somebody else's; ask them to change its card")
    known = {_key(one, item) for one in CHECKLISTS for item in one.items}
    strange = sorted(set(answers) - known)
    if strange:
        raise StoreError(f"the card has no item {strange[0][:40]!r}")
    cleaned = {key: _cleaned(key, words) for key, words in answers.items()}
    old = cards.latest(model)
    merged = {**(old.answers if old is not None else {}), **cleaned}
    kept = cards.append(model, base, user.name, {key: words for key, words in merged.items() if words})
    trail.note("card", model=model, number=kept.number, items=sorted(cleaned))
    return kept


def _cleaned(key: str, words: str) -> str:
    """An author's words as they can be kept: control signs spelt away, line ends as one sign."""
    lines = words.replace("\r\n", "\n").replace("\r", "\n").strip()
    clean = "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    if len(clean) > LONGEST:
        raise StoreError(f"item {key}: {len(clean)} characters; an answer has at most {LONGEST}")
    return clean


def _known(model: str) -> None:
    if not may_see(model):
        raise StoreError(f"there is no model {model[:80]!r}; train one or choose another")


def _key(checklist: Checklist, item: Item) -> str:
    return f"{checklist.key} {item.number}"


def _card(facts: Facts, model: str, written: CardVersion | None) -> Card:
    words = written.answers if written is not None else {}
    lists = tuple(
        (one, tuple(_answer(facts, one, item, words.get(_key(one, item), "")) for item in one.items))
        for one in CHECKLISTS
    )
    study = facts.study
    return Card(
        model, study.name, shown(study), facts.version, facts.trained, study.demonstration, _in_short(facts),
        study.intended_use.get(study_language()), study.not_for.get(study_language()), lists, written,
    )  # fmt: skip


def _answer(facts: Facts, checklist: Checklist, item: Item, words: str) -> Answer:
    filler = FILLERS[checklist.key].get(item.number)
    found = None if filler is None else filler(facts)
    key = _key(checklist, item)
    match found:
        case Known():
            return Answer(key, item, found.blocks, found.rest, "", words)
        case Lacking():
            return Answer(key, item, (), "", found.how, words)
    return Answer(key, item, (), "", "", words)


def _in_short(facts: Facts) -> tuple[str, ...]:
    lines = [
        _("model {version}").format(version=facts.version),
        _("trained {date}").format(date=day(facts.trained))
        if facts.trained
        else _("date of training not recorded"),
        _("{count} training patients").format(count=number(facts.training["rows"])),
    ]
    if facts.cohort is not None:
        lines.append(_("rows {data}").format(data=facts.cohort.data[:12]))
    return tuple(lines)  # fmt: skip


# To take away --------------------------------------------------------------------------------------------------------


def file(card: Card, kind: str, today: datetime.date | None = None) -> File:
    """The card as a file: "pdf" (PDF/UA-1, A4) or "md", in the language in use.

    Raises
    ------
    ValueError
        There is no such kind.
    """
    require(READ)
    if kind not in FORMATS:
        raise ValueError(f"kind {kind[:20]!r}: choose {' or '.join(FORMATS)}")
    made = document(card, today or datetime.date.today())
    content = pdf(made) if kind == "pdf" else markdown(made).encode("utf-8")
    if card.key:
        trail.note("export card", model=card.key, version=card.version, kind=kind)
    return File(file_name(card, kind), FORMATS[kind], content)


def file_name(card: Card, kind: str) -> str:
    """What the file is called, by the model's version and the language in use."""
    code = "" if language() == "en" else f"-{study_language()}"
    return f"consilium-card-{card.version}{code}.{kind}"


def document(card: Card, today: datetime.date) -> Document:
    """What stands in the file."""
    require(READ)
    badges = (_("for demonstration only"),) if card.demonstration else ()
    parts = [_front(card)]
    parts += [_list(card, checklist, answers) for checklist, answers in card.lists]
    return Document(
        language=study_language(),
        title=_("Model card"),
        about=card.title,
        facts=card.facts,
        parts=tuple(parts),
        words=words_of(" · ".join(("Consilium", _("Model card"), card.facts[0])), today),
        printed=today,
        badges=badges,
    )


def words_of(foot: str, today: datetime.date) -> dict[str, str]:
    """What a document prints of its own."""
    return {
        "printed": _("printed {date}").format(date=date(today)),
        # Translators: the braces stay; the program for print fills them
        "page": _("page {page} of {pages}"),
        "contents": _("Contents"),
        "foot": foot,
    }


def _front(card: Card) -> Part:
    lines = [card.counted(checklist) for checklist, _answers in card.lists]
    told = [
        _("{label}: {value}").format(label=_(checklist.title), value=line)
        for (checklist, _answers), line in zip(card.lists, lines, strict=True)
    ]
    if card.written is not None:
        told.append(
            _("Words of the authors: version {number}, {who}, {date}.").format(
                number=card.written.number, who=card.written.who, date=day(card.written.when)
            )
        )
    blocks: list[Block] = [Points(tuple(told)), Words(caution(), Words.QUIET)]
    wanting = Words(_("to be completed"), Words.LACKING)
    inner = [
        Part(_("Intended use"), (Words(card.use) if card.use else wanting,)),
        Part(_("Out of scope"), (Words(card.not_for) if card.not_for else wanting,)),
    ]
    return Part(_("In short"), tuple(blocks), tuple(inner))


def _list(card: Card, checklist: Checklist, answers: tuple[Answer, ...]) -> Part:
    sections: dict[str, list[Part]] = {}
    for answer in answers:
        sections.setdefault(answer.item.section, []).append(
            Part(_(answer.item.title), printed(answer), (), answer.item.number, _(STATES[answer.state]))
        )
    inner = tuple(Part(_(section), (), tuple(parts)) for section, parts in sections.items())
    told = (Words(checklist.source, Words.QUIET), Words(card.counted(checklist), Words.QUIET))
    return Part(_(checklist.title), told, inner)


def printed(answer: Answer) -> tuple[Block, ...]:
    """What stands under an item: what is asked, what is known, what the author wrote, what is lacking."""
    out: list[Block] = [Words(_(answer.item.asks), Words.QUIET), *answer.blocks]
    for paragraph in answer.words.split("\n\n") if answer.words else ():
        out.append(Words(paragraph))
    lacking = wanting(answer)
    if lacking:
        out.append(Words(lacking, Words.LACKING))
    return tuple(out)


def markup(answer: Answer) -> str:
    """What the program knows of an item as HTML, everything escaped, for a page whose heading above it is of level 4."""
    return "".join(block_markup(block) for block in answer.blocks)


def wanting(answer: Answer) -> str:
    """What is to be completed, and how missing evidence is got; empty where nothing is wanting."""
    if answer.how:
        return answer.how
    if answer.state == "partly":
        return _("To be completed: {what}.").format(what=answer.rest)
    return _("To be completed.") if answer.state == "open" else ""
