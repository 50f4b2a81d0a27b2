"""Long work outside the server: submit, follow, cancel, run again."""

from __future__ import annotations

from mtl.jobs.queue import Job, JobError, cancel, follow, latest, retry, state, submit

__all__ = ["Job", "JobError", "cancel", "follow", "latest", "retry", "state", "submit"]
