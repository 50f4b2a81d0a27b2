"""What the bytes of a file are: a workbook, a Parquet file, text in one of six encodings, or nothing of use."""

from __future__ import annotations

import codecs
import re

from mtl.language import N_, _
from mtl.tables.limits import TableError

SAMPLE = 1 << 20

#: Files that are not tables, by how they begin, and what each is called.
_STRANGERS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", N_("an old .xls workbook, or one with a password")),
    (b"%PDF", N_("a PDF document")),
    (b"\x89PNG", N_("a picture")),
    (b"\xff\xd8\xff", N_("a picture")),
    (b"GIF8", N_("a picture")),
    (b"\x1f\x8b", N_("a compressed file")),
    (b"BZh", N_("a compressed file")),
    (b"\xfd7zXZ", N_("a compressed file")),
    (b"7z\xbc\xaf", N_("a compressed file")),
    (b"Rar!", N_("a compressed file")),
    (b"\x7fELF", N_("a program")),
    (b"MZ\x90", N_("a program")),
    (b"SQLite format 3", N_("a database")),
    (b"$FL2", N_("an SPSS file")),
    (b"<stata_dta>", N_("a Stata file")),
    (b"\x80\x04\x95", N_("a Python pickle, which is never opened")),
    (b"\x93NUMPY", N_("a NumPy array")),
    (b"{\\rtf", N_("a text document")),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_C1 = re.compile(rb"[\x80-\x9f]")
# Characters of GB 2312, as GB 18030 writes them, with its punctuation and full-width forms, one after the other.
_GB_RUN = re.compile(rb"(?<![\x80-\xff])(?:[\xa1-\xa3\xb0-\xf7][\xa1-\xfe])+(?![\x80-\xff])")
# Two bytes above 127 inside a word of Latin letters: the "öß" of "Größe".
_INSIDE_WORD = re.compile(rb"(?<=[A-Za-z])[\xc0-\xff]{2}(?=[A-Za-z])")
_HIGH = re.compile(rb"[\x80-\xff]")


def content(data: bytes) -> str:
    """What the bytes begin like: "zip", "parquet" or "text".

    Raises
    ------
    TableError
        It is a file of another sort, or there is nothing in it.
    """
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe") and len(data) < SAMPLE:
        raise TableError(_("The file is empty."))
    if data[:4] == b"PK\x03\x04":
        return "zip"
    if data[:4] == b"PAR1":
        return "parquet"
    for start, name in _STRANGERS:
        if data.startswith(start):
            raise TableError(
                _("This is {what}, not a table. Save the table as CSV, .xlsx or Parquet.").format(
                    what=_(name)
                )
            )
    return "text"


def find_encoding(data: bytes) -> str:
    """The encoding of a text: "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "cp1252" or "latin-1".

    A byte order mark decides. Else UTF-8 where all bytes are; a text in another encoding almost never is. Else
    GB 18030 where bytes above 127 come in its pairs, and Windows-1252 or Latin-1 where they stand alone between
    letters.

    Raises
    ------
    TableError
        The bytes are no text.

    Examples
    --------
    >>> find_encoding("肿瘤大小".encode("gb18030")), find_encoding("Größe".encode("latin-1"))
    ('gb18030', 'latin-1')
    >>> find_encoding("Größe 5 €".encode("cp1252")), find_encoding("a,b".encode("utf-16-le"))
    ('cp1252', 'utf-16-le')
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    sample = data[:SAMPLE]
    wide = _wide(sample)
    if wide is not None:
        return wide
    if _CONTROL.search(sample):
        raise TableError(
            _("The file is not text: it holds control characters. Save the table as CSV, .xlsx or Parquet.")
        )
    if _is(data, "utf-8"):
        return "utf-8"
    high = len(_HIGH.findall(sample))
    paired = sum(map(len, _GB_RUN.findall(sample))) - 2 * len(_INSIDE_WORD.findall(sample))
    if paired >= 0.7 * high and _is(data, "gb18030"):
        return "gb18030"
    return "cp1252" if _C1.search(data) and _is(data, "cp1252") else "latin-1"


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: digits, commas and line ends have a zero byte on one side."""
    low, high = sample[0::2].count(0), sample[1::2].count(0)
    few = max(2, len(sample) // 20)
    if high >= few and low * 10 <= high:
        return "utf-16-le"
    if low >= few and high * 10 <= low:
        return "utf-16-be"
    return None


def _is(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def to_utf8(data: bytes, encoding: str) -> bytes:
    """The bytes of a text as UTF-8 without a mark.

    Raises
    ------
    TableError
        A byte does not fit the encoding, which has no such name or is none of text.
    """
    try:
        known = codecs.lookup(encoding)
        if not known._is_text_encoding:  # "rot13", "hex", "zlib" and the like
            raise LookupError(encoding)
        if known.name == "utf-8":
            data.decode("utf-8")
            return data.removeprefix(codecs.BOM_UTF8)
        text = data.decode(encoding)
    except LookupError:
        raise TableError(_("There is no encoding {name}.").format(name=repr(encoding[:40]))) from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise TableError(
            _("Line {line}: a byte does not fit the encoding {name}. Choose another encoding.").format(
                line=line, name=encoding[:40]
            )
        ) from None
    text = text.removeprefix("\ufeff")
    if any("\ud800" <= character <= "\udfff" for character in set(text[:SAMPLE])):
        raise TableError(_("The file is not text in the encoding {name}.").format(name=encoding[:40]))
    return text.encode("utf-8", "replace")
