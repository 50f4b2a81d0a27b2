"""The look that the settings cannot express: the style sheet, and the colours of the reader's theme."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mtl.figures.markup import variables
from mtl.figures.palette import Palette, palette

# Keyed containers carry their key as a class: Streamlit's public way to style one of them.
_CARD = "card_"
# The browser chooses between the two: whoever turns the theme sees it at once, before the page runs again.
_COLOURS = f":root{{{variables(palette(), palette(dark=True))}}}"
_LOOK = f"<style>{_COLOURS}\n{Path(__file__).with_name('look.css').read_text(encoding='utf-8')}</style>"


def is_dark() -> bool:
    """Return whether the reader sees the dark theme."""
    return st.context.theme.type == "dark"


def colours() -> Palette:
    """Return the colours of the theme that the reader sees."""
    return palette(dark=is_dark())


def apply() -> None:
    """Add the style to the page; the shell calls it once a run."""
    st.html(_LOOK)
    # What opens above the page lies outside of what the library gives a scheme.
    st.html(f"<style>:root{{color-scheme:{'dark' if is_dark() else 'light'}}}</style>")


def card(name: str, **layout: object) -> DeltaGenerator:
    """Return a container that looks like a card; the name is unique on the page, letters and `_` only."""
    return st.container(border=True, key=_CARD + name, **layout)
