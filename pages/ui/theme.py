"""The look that the settings cannot express: cards, the focus ring, narrow screens, print."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mtl.figures.palette import Palette, palette

# Keyed containers carry their key as a class: Streamlit's public way to style one of them.
_CARD = "card_"

_LAYOUT = f"""
<style>
[class*="st-key-{_CARD}"] h3 {{ padding-top: 0; }}
.st-key-navigation [data-testid="stCaptionContainer"] p {{
  text-transform: uppercase; letter-spacing: .06em; font-size: .75rem;
}}
[data-testid="stMetricValue"], td, .tabular {{ font-variant-numeric: tabular-nums; }}
[data-testid="stMainBlockContainer"] {{ max-width: 90rem; padding-left: 2.25rem; padding-right: 2.25rem; }}
@media (max-width: 640px) {{
  [data-testid="stMainBlockContainer"] {{ padding-left: 1rem; padding-right: 1rem; }}
  /* Streamlit keeps room for a toolbar that we do not show, and so pushes its menu off the screen. */
  div:has(> [data-testid="stMainMenu"]) {{ min-width: 0; }}
}}
@media (prefers-reduced-motion: reduce) {{
  *, *::before, *::after {{ animation-duration: .01ms !important; transition-duration: .01ms !important; }}
}}
@media print {{
  [data-testid="stSidebar"], [data-testid="stHeader"] {{ display: none; }}
  [class*="st-key-{_CARD}"] {{ break-inside: avoid; }}
}}
</style>
"""

_FOCUSABLE = "a, button, input, textarea, select, summary, [role='tab'], [role='radio'], [tabindex]"


def is_dark() -> bool:
    """Return whether the reader sees the dark theme."""
    return st.context.theme.type == "dark"


def colours() -> Palette:
    """Return the colours of the theme that the reader sees."""
    return palette(dark=is_dark())


def apply() -> None:
    """Add the style to the page; the shell calls it once a run."""
    used = colours()
    st.html(_LAYOUT)
    # On its own, since it changes with the theme: replacing the layout would make the page jump.
    st.html(
        "<style>"
        f"[class*='st-key-{_CARD}'] {{ background: {used.surface}; border-color: {used.border}; }}"
        f".st-key-navigation [data-testid='stCaptionContainer'] p {{ color: {used.muted}; }}"
        f":is({_FOCUSABLE}):focus-visible {{ outline: 3px solid {used.primary}; outline-offset: 2px; }}"
        "</style>"
    )


def card(name: str) -> DeltaGenerator:
    """Return a container that looks like a card; the name is unique on the page, letters and `_` only."""
    return st.container(border=True, key=_CARD + name)
