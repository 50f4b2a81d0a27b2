"""Opaque names: case keys that say nothing without the home's secret, and digests of content."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import struct
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


def new_key() -> str:
    """20 letters and digits that nobody can guess, in the form of a case key.

    >>> bool(CASE_KEY.fullmatch(new_key()))
    True
    """
    return base64.b32encode(secrets.token_bytes(13)).decode().lower()[:CASE_KEY_LENGTH]


def input_digest(secret: bytes, version: str, X: NDArray[np.float64], given: Iterable[bool | None]) -> str:
    """Digest of what a model was given, which says nothing of the patient without the home's secret.

    Parameters
    ----------
    version : str
        The model's.
    X : (1, p)
        The encoded features; every missing value counts as the same.
    given
        Whether each treatment was given, None where that is not known: the risks as treated depend on it.

    Examples
    --------
    >>> one = input_digest(b"s" * 32, "1", np.array([[1.0, np.nan]]), [True])
    >>> one == input_digest(b"s" * 32, "1", np.array([[1.0, -np.nan]]), [True])
    True
    >>> one == input_digest(b"s" * 32, "1", np.array([[1.0, np.nan]]), [None])
    False
    """
    key = hashlib.blake2b(secret, digest_size=32, person=b"record inputs").digest()
    plain = np.where(np.isnan(X), np.nan, X + 0.0)
    treatments = bytes({True: 1, False: 0, None: 2}[one] for one in given)
    parts = [version.encode(), struct.pack(f"<{plain.size}d", *plain.ravel()), treatments]
    return hmac.digest(key, b"".join(len(part).to_bytes(8, "big") + part for part in parts), "sha256").hex()


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
