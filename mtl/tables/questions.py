"""What a table does not say by itself: the questions that a person must answer, and the answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mtl.language import _, measured, ngettext, number
from mtl.tables.limits import TableError

QuestionKind = Literal["sentinel", "date_order", "unit", "decimal"]
Kind = Literal["text", "number", "date", "yes_no"]
KINDS: tuple[Kind, ...] = ("text", "number", "date", "yes_no")
#: Beside a model: the answers by which the table it was trained on was cleaned.
REMEMBERED = "cleaning.json"
#: Answer of a sentinel question: the value stands for itself.
REAL_VALUE = "value"


@dataclass(frozen=True)
class Question:
    """Something that only a person knows.

    Attributes
    ----------
    column : str
    kind : str
        "sentinel": does a number mean "missing"? "date_order": day or month first? "unit": what unit have the numbers
        that stand without one? "decimal": is the comma a decimal mark or does it set thousands apart?
    proposals : tuple of str
        The answers to choose from. Of a sentinel: the value, which then means missing, or "value".
    count, examples : int, tuple of str
        How many cells it is about, and some of them as found; `other`: the nearest other value, of a sentinel.
    """

    column: str
    kind: QuestionKind
    proposals: tuple[str, ...]
    count: int
    examples: tuple[str, ...] = ()
    other: float | None = None

    @property
    def evidence(self) -> str:
        """Why it is asked, in the reader's language."""
        examples = ", ".join(example[:40] for example in self.examples)
        if self.kind == "sentinel":
            if self.other is None:
                return ngettext(
                    "{value} stands in {count} cell.", "{value} stands in {count} cells.", self.count
                ).format(value=self.proposals[0], count=number(self.count))
            near = measured(self.other)
            return ngettext(
                "{value} stands in {count} cell; the nearest other value is {near}.",
                "{value} stands in {count} cells; the nearest other value is {near}.",
                self.count,
            ).format(value=self.proposals[0], count=number(self.count), near=near)
        text = {
            "date_order": _("No day is above 12, so day and month could be exchanged: {examples}."),
            "unit": _("{count} cells have no unit, beside others that have one: {examples}."),
            "decimal": _(
                "A comma or a point before three digits could be a decimal mark or set thousands apart: {examples}."
            ),
        }[self.kind]  # fmt: skip
        return text.format(examples=examples, count=number(self.count))


@dataclass(frozen=True)
class Answers:
    """What a person has said about a table; columns by their clean name.

    Attributes
    ----------
    sentinels : mapping of str to tuple of str
        Numbers, or dates as YYYY-MM-DD, that mean "missing" in a column; an empty tuple: none does.
    dates : mapping of str to str
        "day_first" or "month_first".
    units : mapping of str to str
        The unit of numbers that stand without one.
    decimals : mapping of str to str
        "." or ",".
    kinds : mapping of str to str
        What a column is, against what it looks like: "text", "number", "date" or "yes_no".
    missing : tuple of str
        Further words that mean "missing" in every column.
    """

    sentinels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    decimals: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, allowed in (
            ("dates", ("day_first", "month_first")),
            ("decimals", (".", ",")),
            ("kinds", KINDS),
        ):
            for column, value in getattr(self, name).items():
                if value not in allowed:
                    raise TableError(
                        f"answers, {name}, column {str(column)[:60]!r}: {str(value)[:40]!r}; use one of {', '.join(allowed)}"
                    )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "sentinels": {column: list(values) for column, values in self.sentinels.items()},
            "dates": dict(self.dates),
            "units": dict(self.units),
            "decimals": dict(self.decimals),
            "kinds": dict(self.kinds),
            "missing": list(self.missing),
        }

    def to_json(self) -> str:
        """As a file keeps it."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Answers:
        """From `to_dict`; TableError for anything else."""
        try:
            sentinels = {
                str(column): tuple(map(str, values)) for column, values in found.get("sentinels", {}).items()
            }
            texts = {
                name: {str(column): str(value) for column, value in found.get(name, {}).items()}
                for name in ("dates", "units", "decimals", "kinds")
            }
            missing = tuple(str(word) for word in found.get("missing", ()))
        except (AttributeError, TypeError) as error:
            raise TableError(f"answers: {error}; give what Answers.to_dict() gives") from None
        return cls(sentinels=sentinels, missing=missing, **texts)
