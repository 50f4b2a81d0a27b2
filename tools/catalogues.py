"""Collect the strings of the code into the catalogues, and check that the two agree.

`update` writes every catalogue anew: strings of the code that it lacks come in untranslated, strings that
the code no longer has go out. `check` fails where a catalogue lacks a string, keeps an unused one, has an
uncertain ("fuzzy") one, or a translation whose {placeholders} differ; it names what is not translated yet.
"""

from __future__ import annotations

import argparse
import re
import string
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE_FOLDER = ROOT / "mtl" / "locale"
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
HEADER = """\
# {language} words of Consilium.
# Distributed under the licence of Consilium (Apache-2.0)."""

Key = tuple[str | None, str | tuple[str, ...]]


def extract() -> Catalog:
    """Return every string of `mtl` and `pages` that a person reads, with the files that have it."""
    catalogue = Catalog(domain="consilium", charset="utf-8")
    for folder in ("mtl", "pages"):
        for path, _line, message, comments, context in extract_from_dir(
            ROOT / folder, method_map=[("**.py", "python")], keywords=KEYWORDS, comment_tags=("Translators:",)
        ):
            catalogue.add(
                message, locations=[(f"{folder}/{path}", 0)], auto_comments=comments, context=context
            )
    return catalogue


def key(message: Message) -> Key:
    return message.context, message.id


def entries(catalogue: Catalog) -> dict[Key, Message]:
    return {key(message): message for message in catalogue if message.id}


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, domain="consilium")


def words(message: Message) -> list[str]:
    """Return the translations of a message, one a plural form."""
    found = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return [text or "" for text in found]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def problems(code: Catalog, catalogue: Catalog) -> list[str]:
    """Return what makes a catalogue disagree with the code, one line a problem."""
    wanted, held = entries(code), entries(catalogue)
    found = [f"lacks {k[1]!r}, used in {wanted[k].locations[0][0]}" for k in wanted if k not in held]
    found += [f"keeps {k[1]!r}, which no code uses" for k in held if k not in wanted]
    for k, message in held.items():
        if message.fuzzy:
            found.append(f"is uncertain about {k[1]!r}: translate it and remove the mark 'fuzzy'")
        plural = k[1] if isinstance(k[1], str) else k[1][-1]
        for text in filter(None, words(message)):
            if placeholders(text) != placeholders(plural):
                found.append(f"has other placeholders than the code in {text!r} for {plural!r}")
    return found


def untranslated(catalogue: Catalog) -> list[str]:
    return [str(m.id) for m in catalogue if m.id and not all(words(m))]


def update(path: Path, code: Catalog) -> None:
    """Write a catalogue anew with the strings of the code and the translations it already had."""
    held = entries(read(path))
    language = path.parent.parent.name
    new = Catalog(
        locale=language, domain="consilium", charset="utf-8", project="Consilium", version="1", fuzzy=False
    )
    new.header_comment = HEADER.format(language=new.locale.get_display_name("en"))
    for message in code:
        if not message.id:
            continue
        old = held.get(key(message))
        new.add(
            message.id,
            string=old.string if old else None,
            locations=sorted(set(message.locations)),
            auto_comments=message.auto_comments,
            user_comments=old.user_comments if old else (),
            context=message.context,
        )
    with path.open("wb") as file:
        write_po(file, new, width=110, sort_output=True, include_lineno=False, ignore_obsolete=True)
    # A file that changes only where its strings change: no date of the day it was written.
    text = path.read_text(encoding="utf-8")
    path.write_text(
        re.sub(
            r'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Report-Msgid-Bugs-To|Project-Id-Version|.*Translator|Language-Team).*\n',
            "",
            text,
            flags=re.M,
        ),
        encoding="utf-8",
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["update", "check"])
    action = parser.parse_args(arguments).action
    code = extract()
    failed = False
    for path in sorted(LOCALE_FOLDER.glob("*/LC_MESSAGES/consilium.po")):
        if action == "update":
            update(path, code)
        catalogue = read(path)
        name = path.relative_to(ROOT)
        found = problems(code, catalogue)
        for problem in found:
            print(f"{name} {problem}")
        missing = untranslated(catalogue)
        total = len(entries(catalogue))
        print(f"{name}: {total - len(missing)} of {total} strings translated, {len(found)} problems")
        for text in missing:
            print(f"    not translated: {text}")
        failed = failed or bool(found)
    if failed and action == "check":
        print("Run `make catalogues`, then translate what it added.", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
