"""Opaque names: case keys that say nothing without the home's secret, and digests of content."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

CASE_KEY = re.compile(r"[a-z2-7]{20}")
CASE_KEY_LENGTH = 20


def case_key(secret: bytes, cohort: str, identifier: str) -> str:
    """20 letters and digits for a patient of a cohort; the same home gives the same key.

    >>> case_key(b"s" * 32, "rotterdam", "12") == case_key(b"s" * 32, "rotterdam", "12")
    True
    >>> case_key(b"s" * 32, "rotterdam", "12") == case_key(b"t" * 32, "rotterdam", "12")
    False
    """
    digest = hmac.digest(secret, f"{cohort}\0{identifier}".encode(), "sha256")
    return base64.b32encode(digest).decode().lower()[:CASE_KEY_LENGTH]


def row_digests(secret: bytes, identifiers: Iterable[str], X: NDArray[np.float64]) -> list[str]:
    """One digest a patient over identifier and encoded findings, by which an uploaded copy is recognised."""
    key = hashlib.blake2b(secret, digest_size=32).digest()
    plain = np.where(np.isnan(X), np.nan, X + 0.0)  # one NaN, no -0
    return [
        hashlib.blake2b(identifier.encode() + b"\0" + row.tobytes(), key=key, digest_size=12).hexdigest()
        for identifier, row in zip(identifiers, plain, strict=True)
    ]


def content_digest(parts: Iterable[bytes]) -> str:
    """Short digest of some content, each part with its length, for a folder's name."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]
