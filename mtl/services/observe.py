"""What the server counts for Prometheus: requests, page runs, sessions, jobs, models. No user, case or cohort is named.

https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.core import REGISTRY, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

import mtl
from mtl.jobs import queue
from mtl.services import owners
from mtl.store import cohorts, models
from mtl.store.database import StoreError

__all__ = ["REQUESTS", "REQUEST_SECONDS", "SESSIONS", "page_run", "written"]

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
REQUESTS = Counter("consilium_http_requests", "HTTP requests answered", ["route", "method", "status"])
REQUEST_SECONDS = Histogram(
    "consilium_http_request_seconds",
    "Seconds until an HTTP request was answered",
    ["route"],
    buckets=_SECONDS,
)
SESSIONS = Gauge("consilium_sessions", "Browser tabs that are connected")
PAGES = Histogram("consilium_page_run_seconds", "Seconds a run of a page took", ["page"], buckets=_SECONDS)
FAILED = Counter("consilium_page_run_errors", "Runs of a page that ended with an error", ["page", "error"])
Info("consilium", "The program").info({"version": mtl.__version__})

# How a page ends early on purpose: Streamlit's own, which nothing here may import.
_ON_PURPOSE = ("StopException", "RerunException")


class _State(Collector):
    """Jobs and models, read from the database when somebody asks."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: otherwise the registry would read the database at the start."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Whether the database answers; jobs by kind and state; a line a model that is everybody's, and how many others."""
        answers = GaugeMetricFamily("consilium_database_up", "Whether the database answers")
        try:
            found = self._found()
        except StoreError:
            answers.add_metric([], 0)
            return (answers,)
        answers.add_metric([], 1)
        return (answers, *found)

    @staticmethod
    def _found() -> tuple[Metric, ...]:
        counted = GaugeMetricFamily("consilium_jobs", "Jobs by kind and state", labels=["kind", "state"])
        for (kind, state), count in sorted(queue.counts().items()):
            counted.add_metric([kind, state], count)
        known = GaugeMetricFamily(
            "consilium_model_info", "Models whose numbers a cohort shows", labels=["model", "version"]
        )
        every = models.every()
        shown = {cohort.model for cohort in cohorts.every()}
        for record in every:
            if record.key in shown and not owners.private(record.key):
                known.add_metric([record.key, record.version], 1)
        own = GaugeMetricFamily("consilium_own_models", "Models that users trained for themselves")
        own.add_metric([], sum(owners.private(record.key) for record in every))
        return counted, known, own


REGISTRY.register(_State())


@contextmanager
def page_run(page: str) -> Iterator[None]:
    """Count a run of a page and how long it takes."""
    begin = time.perf_counter()
    try:
        yield
    except BaseException as error:
        if type(error).__name__ not in _ON_PURPOSE:
            FAILED.labels(page, type(error).__name__).inc()
        raise
    finally:
        PAGES.labels(page).observe(time.perf_counter() - begin)


def written() -> bytes:
    """Everything that is counted, in Prometheus' text format."""
    return bytes(generate_latest(REGISTRY))
