"""The distinct texts of a column, each once with its count, and what becomes of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mtl.tables.questions import Question
from mtl.tables.words import is_full_width, is_missing, is_sheet_error, plain, plain_prose

# Numbers that say nothing else than their value, and that Arrow reads as Python does.
_SIMPLE = r"^-?[0-9]{1,15}(?:\.[0-9]{1,17})?$"
_CODE = r"^0[0-9]+$"
_GROUPED = r"^-?[1-9][0-9]{0,2}(?:\.[0-9]{3})+$"
_WHOLE = r"^-?[0-9]+$"


@dataclass(frozen=True)
class Texts:
    """The distinct texts of a column.

    Attributes
    ----------
    words : list of str
        Each distinct text as found, in the order of first occurrence.
    codes : int array (rows,)
        The word of each row; -1 where a cell holds nothing.
    counts : int array (words,)
    simple : bool array (words,)
        Which are plain numbers; `numbers` has their values, NaN elsewhere. `odd` lists the places of the others.
    missing : object array (words,)
        The rule by which a word means that there is no value, "" where it is a value.
    """

    words: list[str]
    codes: NDArray[np.int32]
    counts: NDArray[np.int64]
    simple: NDArray[np.bool_]
    numbers: NDArray[np.float64]
    odd: NDArray[np.intp]
    missing: NDArray[np.object_]
    column: pa.Array

    @classmethod
    def of(cls, cells: pa.ChunkedArray, further: tuple[str, ...]) -> Texts:
        """The distinct texts of strings; `further` words mean that there is no value."""
        encoded = cells.dictionary_encode().combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = (
                encoded.chunk(0) if encoded.num_chunks else pa.array([], pa.string()).dictionary_encode()
            )
        codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
        column = encoded.dictionary
        words: list[str] = column.to_pylist()
        counts = np.bincount(codes[codes >= 0], minlength=len(words)).astype(np.int64)
        simple = _matches(column, _SIMPLE)
        numbers = np.full(len(words), np.nan)
        if simple.any():
            numbers[simple] = pc.cast(column.filter(pa.array(simple)), pa.float64()).to_numpy()
        odd = np.flatnonzero(~simple)
        said = {plain(word).casefold() for word in further}
        missing = np.full(len(words), "", dtype=object)
        for place in np.flatnonzero(simple) if said else ():
            if words[place] in said:
                missing[place] = "missing_code"
        for place in odd:
            word = words[place]
            if is_missing(word):
                missing[place] = "missing_code" if plain(word) else "spaces"
            elif word.startswith("#") and is_sheet_error(word):
                missing[place] = "sheet_error"
            elif said and plain(word).casefold() in said:
                missing[place] = "missing_code"
        return cls(words, codes, counts, simple, numbers, odd, missing, column)

    @property
    def is_value(self) -> NDArray[np.bool_]:
        """Which words are values."""
        return np.asarray(self.missing == "", dtype=bool)

    @property
    def n_values(self) -> int:
        """How many cells hold a value."""
        return int(self.counts[self.is_value].sum())

    def usual(self, place: int) -> str:
        """A word in its usual form."""
        return plain(self.words[place])

    def codes_like(self) -> NDArray[np.bool_]:
        """Which words are digits that begin with a zero."""
        return _matches(self.column, _CODE)

    def long_digits(self) -> NDArray[np.bool_]:
        """Which words are more digits than a number holds exactly."""
        return _matches(self.column, r"^-?[0-9]{16,}$")

    def maybe_grouped(self) -> NDArray[np.bool_]:
        """Which words are plain numbers that would be thousands under a decimal comma, such as 1.234."""
        return _matches(self.column, _GROUPED)

    def whole(self) -> NDArray[np.bool_]:
        """Which words are whole numbers."""
        return _matches(self.column, _WHOLE)

    def pointed(self) -> NDArray[np.bool_]:
        """Which words are plain numbers with a decimal point."""
        return self.simple & ~self.whole()


def _matches(column: pa.Array, pattern: str) -> NDArray[np.bool_]:
    found = pc.match_substring_regex(column, pattern).to_numpy(zero_copy_only=False)
    return np.asarray(found, dtype=bool)


@dataclass
class Outcome:
    """What a column is, and what each distinct text became.

    `numbers`, `moments` or `texts` holds the values by `kind`; `after` the text of the change and `rules` its rule, ""
    where nothing changed; `signs` the sign of a limit.
    """

    kind: Literal["text", "number", "boolean", "date"]
    numbers: NDArray[np.float64]
    moments: NDArray[np.datetime64]
    texts: NDArray[np.object_]
    after: NDArray[np.object_]
    rules: NDArray[np.object_]
    signs: NDArray[np.object_]
    unit: str | None = None
    whole: bool = False
    pending: bool = False
    questions: tuple[Question, ...] = ()

    @classmethod
    def start(cls, found: Texts, kind: Literal["text", "number", "boolean", "date"]) -> Outcome:
        """Every value missing; the words that mean so are logged already."""
        size = len(found.words)
        return cls(
            kind,
            np.full(size, np.nan),
            np.full(size, np.datetime64("NaT", "us"), dtype="datetime64[us]"),
            np.full(size, None, dtype=object),
            np.full(size, None, dtype=object),
            found.missing.copy(),
            np.full(size, "", dtype=object),
        )

    @classmethod
    def nothing(cls, found: Texts) -> Outcome:
        """A column without a value."""
        return cls.start(found, "number")

    @classmethod
    def text(cls, found: Texts, questions: tuple[Question, ...] = (), pending: bool = False) -> Outcome:
        """A column of words, in their usual form."""
        outcome = cls.start(found, "text")
        for place in np.flatnonzero(found.is_value):
            word = found.words[place]
            usual = plain_prose(word)
            outcome.texts[place] = usual
            if usual != word:
                outcome.become(int(place), usual, tidied(word))
        outcome.questions, outcome.pending = questions, pending
        return outcome

    def become(self, place: int, after: str | None, rule: str) -> None:
        """Log what a word became; no rule, no change."""
        self.rules[place] = rule
        self.after[place] = after if rule else None


def tidied(word: str) -> str:
    """The rule by which a word took its usual form."""
    return "full_width" if is_full_width(word) else "spaces"
