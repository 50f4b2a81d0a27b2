"""The server's side of the jobs: whose they are, that none is forgotten, and a stop that loses none."""

from __future__ import annotations

from mtl import jobs
from mtl.jobs import process, queue
from mtl.services import uploads

__all__ = ["follow_users", "look_after", "stop"]


def follow_users() -> None:
    """Count jobs by the user who asks for them, so that none fills the queue alone."""
    jobs.follow(uploads.owner)


def look_after() -> None:
    """See to jobs whose worker is gone: what ran is reported as interrupted, what waits gets a new worker."""
    queue.look_after()


def stop() -> None:
    """End the worker; its job waits for the next server."""
    if not process.stop():
        queue.hand_back_left()
