"""What went wrong, in words for whoever asked; the words of an error that nobody foresaw are none of them."""

from __future__ import annotations

import errno

from mtl.expressions import ExpressionError
from mtl.language import _
from mtl.limits import LimitError
from mtl.model.files import ModelFileError
from mtl.model.problem import TrainingError
from mtl.services.access import AccessError
from mtl.services.patients.edits import EditError
from mtl.services.patients.global_view import AskError
from mtl.services.patients.places import CaseError
from mtl.services.patients.private import FormError
from mtl.services.patients.records import RecordError
from mtl.services.patients.worklist import QueryError
from mtl.services.settings import SettingError
from mtl.services.users import Forbidden
from mtl.store.database import StoreError
from mtl.study import StudyError
from mtl.treatment.protocol import ProtocolError

__all__ = ["SAID", "words"]

#: Errors whose message is written for who asked: it names files, columns, keys, limits, or what they themselves typed.
SAID = (
    AccessError, AskError, CaseError, EditError, ExpressionError, FormError, LimitError, ModelFileError, ProtocolError,
    QueryError, RecordError, SettingError, StoreError, StudyError, TrainingError,
)  # fmt: skip


def words(error: BaseException) -> str | None:
    """A sentence that says what was wrong and what to do; None for a fault of the program, whose text may hold a cell.

    Examples
    --------
    >>> words(StoreError("there is no model 'm'")), words(KeyError("Anna"))
    ("there is no model 'm'", None)
    """
    if isinstance(error, Forbidden):
        return _("Your role does not include this. Ask the administrator of this server.")
    if isinstance(error, SAID):
        return str(error)
    if isinstance(error, MemoryError):
        return _("This needed more memory than the server has. Try again later, or with fewer patients.")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _(
            "The server's disk is full. What was being written is not kept; what was there before is. Try again once its "
            "administrator has made room."
        )
    return None
