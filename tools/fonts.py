"""Make the font files that the app ships, in `pages/static/` and `mtl/report/fonts/`, and the wordmark drawn from one.

- `inter.woff2`: Inter 4.1 (OFL 1.1), variable in weight and optical size, Latin, Greek, arrows and
  mathematical signs, from the npm package `inter-ui` (`npm pack inter-ui@4.1.1`, unpacked; `--inter FOLDER`).
- `noto-sans-sc-*.woff2`: Noto Sans CJK SC (OFL 1.1), from Debian's `fonts-noto-cjk`, limited to the
  characters of the catalogues and of the sample studies, and to GB 2312 level 1, the 3,755 most used.
- `mtl/report/fonts/`: the same for print, which takes neither woff2 nor a variable font: two weights of Inter cut
  from `inter.woff2`; Noto, as regular with level 2 of GB 2312 too (rare names; print falls back from bold to regular).

Run it again when a new character appears; `tests/test_house.py` fails until then.
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from pathlib import Path

from fontTools import subset
from fontTools.misc.transform import Transform
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "pages" / "static"
PRINT = ROOT / "mtl" / "report" / "fonts"
PRINT_WEIGHTS = {"regular": 400, "semibold": 600}
NOTO = Path("/usr/share/fonts/opentype/noto")
NOTO_COPYRIGHT = "Copyright 2014-2021 Adobe (http://www.adobe.com/), with Reserved Font Name 'Source'."
SIMPLIFIED_CHINESE = 2  # its place in Debian's collection files

INTER_RANGES = [
    (0x20, 0x17F),  # Latin, its supplement and Extended-A
    (0x2B0, 0x2FF),  # modifier letters
    (0x370, 0x3FF),  # Greek
    (0x1E00, 0x1EFF),
    (0x2000, 0x206F),  # punctuation
    (0x2070, 0x209F),  # superscripts and subscripts
    (0x20A0, 0x20BF),
    (0x2100, 0x214F),
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # mathematical operators
    (0x25A0, 0x25FF),
    (0x2713, 0x2717),
]


def gb2312(first: int, last: int) -> set[str]:
    """Return the characters of some rows of GB 2312; 16 to 55 are level 1, 56 to 87 the rarer level 2."""
    cells = ((row + 0xA0, cell + 0xA0) for row in range(first, last + 1) for cell in range(1, 95))
    return {bytes(pair).decode("gb2312", errors="ignore") for pair in cells} - {""}


def gb2312_level_1() -> set[str]:
    """Return the 3,755 characters of level 1, ordered there by sound."""
    return gb2312(16, 55)


def used_characters() -> set[str]:
    """Return the characters outside Latin of the catalogues, of the code and of the sample studies."""
    files = [*ROOT.glob("mtl/locale/*/LC_MESSAGES/*.po"), *ROOT.glob("sample_data/*/study.toml")]
    files += [*ROOT.glob("mtl/language.py")]
    found = {character for file in files for character in file.read_text(encoding="utf-8")}
    return {c for c in found if 0x2E80 <= ord(c) <= 0xFFEF}


def chinese_characters() -> set[str]:
    punctuation = {
        chr(code) for first, last in ((0x3000, 0x301F), (0xFF01, 0xFF5E)) for code in range(first, last + 1)
    }
    return gb2312_level_1() | used_characters() | punctuation | set("—‘’“”…·")


def save_subset(font: TTFont, characters: set[str], path: Path) -> None:
    """Write the glyphs of the characters, with kerning but without what only typesetting needs."""
    options = subset.Options()
    options.flavor = "woff2" if path.suffix == ".woff2" else None
    options.hinting = False
    options.desubroutinize = False
    options.layout_features = ["kern", "mark", "mkmk", "ccmp", "locl", "calt", "tnum", "palt", "halt"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    maker = subset.Subsetter(options)
    maker.populate(unicodes=[ord(c) for c in characters])
    maker.subset(font)
    subset.save_font(font, str(path), options)
    print(f"{path.relative_to(ROOT)}: {len(characters)} characters, {path.stat().st_size / 1024:.0f} KiB")


def marks(font: TTFont, folder: Path) -> None:
    """Draw the icon, and with it the product's name from the font: an image cannot load the page's fonts."""
    glyphs, names = font.getGlyphSet(location={"wght": 700, "opsz": 20}), font.getBestCmap()
    x, paths, size = 0.0, [], 20 / font["head"].unitsPerEm
    for letter in "Consilium":
        glyph = glyphs[names[ord(letter)]]
        pen = SVGPathPen(glyphs, ntos=lambda v: f"{v:.1f}".rstrip("0").rstrip("."))
        glyph.draw(TransformPen(pen, Transform(size, 0, 0, -size, 32 + x * size, 19)))
        paths.append(pen.getCommands())
        x += glyph.width
    width = round(34 + x * size)
    seats = [(13, 4.2), (20.6, 9.7), (17.7, 18.6), (8.3, 18.6), (5.4, 9.7)]
    middle = '<circle cx="13" cy="12.2" r="3.4"/>'
    circles = "".join(f'<circle cx="{cx}" cy="{cy}" r="2.6"/>' for cx, cy in seats)
    word = f'<path d="{"".join(paths)}"/>'
    for file, right, drawing in (
        ("consilium.svg", width, circles + middle + word),
        ("icon.svg", 26, circles + middle),
    ):
        (folder / file).write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right} 25" width="{right}" height="25" '
            f'fill="#139186"><title>Consilium</title>{drawing}</svg>\n',
            encoding="utf-8",
        )


def print_characters() -> set[str]:
    """Return every visible character that one of the fonts for print has."""
    fonts = (TTFont(file).getBestCmap() for file in sorted(PRINT.glob("*.[ot]tf")))
    return {chr(code) for held in fonts for code in held if unicodedata.category(chr(code))[0] not in "CZ"}


def for_print() -> None:
    """Write the fonts of the printed page, from those of the app."""
    PRINT.mkdir(parents=True, exist_ok=True)
    for name, weight in PRINT_WEIGHTS.items():
        inter = instancer.instantiateVariableFont(
            TTFont(STATIC / "inter.woff2"), {"wght": weight, "opsz": 14}, inplace=True
        )
        inter["OS/2"].usWeightClass = weight
        style = name.capitalize().replace("Semibold", "SemiBold")
        names = {1: "Inter", 2: style, 4: f"Inter {style}", 6: f"Inter-{style}"}
        for identifier, text in names.items():
            inter["name"].setName(text, identifier, 3, 1, 0x409)
        save_subset(inter, {chr(code) for code in inter.getBestCmap()}, PRINT / f"inter-{name}.ttf")
    # a browser finds a rare name's character on the reader's machine; print has only these files
    named = chinese_characters() | gb2312(56, 87)
    for weight, characters in (("Regular", named), ("Bold", chinese_characters())):
        noto = TTFont(NOTO / f"NotoSansCJK-{weight}.ttc", fontNumber=SIMPLIFIED_CHINESE)
        save_subset(noto, characters, PRINT / f"noto-sans-sc-{weight.lower()}.otf")
    (PRINT / "characters.txt").write_text("".join(sorted(print_characters())), encoding="utf-8", newline="")
    for licence in STATIC.glob("*-OFL.txt"):
        (PRINT / licence.name).write_text(licence.read_text(encoding="utf-8"), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--inter", type=Path, help="the unpacked inter-ui package; without it Inter stays as it is"
    )
    arguments = parser.parse_args()
    STATIC.mkdir(exist_ok=True)
    if arguments.inter:
        inter = TTFont(arguments.inter / "variable" / "InterVariable.woff2")
        marks(inter, STATIC)
        characters = {chr(code) for first, last in INTER_RANGES for code in range(first, last + 1)}
        save_subset(inter, characters & {chr(code) for code in inter.getBestCmap()}, STATIC / "inter.woff2")
        licence = (arguments.inter / "LICENSE.txt").read_text(encoding="utf-8")
        (STATIC / "inter-OFL.txt").write_text(licence, encoding="utf-8")
        # The licence is the same; only the first line, whose font it is, differs.
        _, rest = licence.split("\n", 1)
        (STATIC / "noto-sans-sc-OFL.txt").write_text(f"{NOTO_COPYRIGHT}\n{rest}", encoding="utf-8")
    for weight in ("Regular", "Bold"):
        noto = TTFont(NOTO / f"NotoSansCJK-{weight}.ttc", fontNumber=SIMPLIFIED_CHINESE)
        save_subset(noto, chinese_characters(), STATIC / f"noto-sans-sc-{weight.lower()}.woff2")
    for_print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
