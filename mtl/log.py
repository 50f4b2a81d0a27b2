"""A log of one JSON object a line, without a patient's value: of an exception its kind and places, never its text."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]


class Lines(logging.Formatter):
    """A record as a line of JSON: time, level, logger, event, and what the record's `facts` hold."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": moment,
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= told(record.exc_info[1])
            if not record.name.startswith("consilium"):
                line["event"] = "exception"  # others put an error's text into the message
        return json.dumps(line, ensure_ascii=False)


def told(error: BaseException) -> dict[str, Any]:
    """What may be said of an exception: its kind, and where it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "at": [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
    }


def _short(path: str) -> str:
    whole = Path(path)
    return str(whole.relative_to(_ROOT)) if whole.is_relative_to(_ROOT) else "/".join(whole.parts[-3:])
