"""How the pages say a number, a name, a place in the cohort: as the services do, and safe inside Markdown."""

from __future__ import annotations

import re

from mtl.services.patients.wording import (
    amount,
    at,
    cohort_median,
    half_by,
    interval,
    like_this,
    of_hundred,
    place,
    question,
    shown_until,
    title,
    years,
)

__all__ = [
    "amount",
    "at",
    "cohort_median",
    "half_by",
    "interval",
    "like_this",
    "markdown",
    "of_hundred",
    "place",
    "question",
    "shown_until",
    "title",
    "years",
]


def markdown(text: object) -> str:
    """Return words that come from a file so that Markdown shows them as they are: no link, no image.

    Examples
    --------
    >>> print(markdown("![x](http://a) *b*"))
    \\!\\[x\\]\\(http\\:\\/\\/a\\) \\*b\\*
    """
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(str(text).split()))
