"""A process that does steps for the one that started it (:mod:`mtl.jobs.local`), and is gone when that one is.

Questions come on standard input, answers go where standard output was. A thread waits for the next question all the time:
the input ends when the starter does, however it does, and then this process leaves at once, whatever it is doing.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import warnings
from queue import SimpleQueue
from threading import Thread
from typing import IO

from mtl.jobs.parcels import called, packed
from mtl.log import told

KINDNESS = 5  # added to that of the process that started it, which in the app is kinder than the pages
Question = tuple[bytes, list[str], list[bytes]]


def send(file: IO[bytes], *parts: bytes) -> None:
    """Write a message."""
    file.write(len(parts).to_bytes(8, "little"))
    for part in parts:
        file.write(len(part).to_bytes(8, "little"))
        file.write(part)
    file.flush()


def receive(file: IO[bytes]) -> list[bytes]:
    """Read a message.

    Raises
    ------
    EOFError
        The other end is gone.
    """
    count = int.from_bytes(_exactly(file, 8), "little")
    return [_exactly(file, int.from_bytes(_exactly(file, 8), "little")) for _ in range(count)]


def _exactly(file: IO[bytes], size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise EOFError
    return content


def _listen(file: IO[bytes], questions: SimpleQueue[Question]) -> None:
    known: dict[str, bytes] = {}
    while True:
        try:
            message = receive(file)
        except EOFError:
            os._exit(0)
        names, new, content, *values = pickle.loads(message[0]), pickle.loads(message[1]), *message[2:]
        known = {name: known[name] for name in names if name in known} | dict(zip(new, values, strict=True))
        questions.put((content, names, [known[name] for name in names]))


def _failure(error: BaseException) -> tuple[bytes, bytes]:
    """An error, and where it came from, as bytes; one that cannot travel is told by its kind."""
    place = packed(told(error))[0]
    try:
        content = packed(error)[0]
        pickle.loads(content)
    except Exception:  # an error may hold anything
        content = packed(RuntimeError(type(error).__name__))[0]
    return content, place


def main() -> None:
    """Entry of the process."""
    warnings.simplefilter("ignore")  # they quote cells
    for stop in (signal.SIGINT, signal.SIGTERM):  # meant for the starter, which says when to leave
        signal.signal(stop, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get among the answers
    os.nice(KINDNESS)
    questions: SimpleQueue[Question] = SimpleQueue()
    Thread(target=_listen, args=(sys.stdin.buffer, questions), daemon=True).start()
    while True:
        content, names, values = questions.get()
        try:
            send(answers, b"done", called(content, names, *values))
        except BaseException as error:  # whatever it is belongs to who asked
            send(answers, b"failed", *_failure(error))


if __name__ == "__main__":
    main()
