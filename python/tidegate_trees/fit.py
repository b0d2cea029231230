"""The activity that runs one fit, given its id. Its rows, options, progress and outcome are all in Postgres."""

import contextvars
import hashlib
import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import psycopg
from temporalio import activity
from temporalio.exceptions import CancelledError

from .boosting import Options, Progress, boost
from .encoding import encode
from .frozen_rows import read_rows
from .ownership import foreign
from .to_onnx import INPUT, OUTPUT, to_onnx

SAMPLE_ROWS = 256


class TreeFits:
    """The activity `fitTrees` for the fits that are stored in one database."""

    def __init__(self, database_url: str, checkpoint_seconds: float = 2.0) -> None:
        self._database_url = database_url
        self._checkpoint_seconds = checkpoint_seconds
        # One fit at a time is enough to keep the cores busy. The worker still accepts other fits, which wait for this lock,
        # because Temporal would otherwise conclude that no worker is running.
        self._turn = threading.Lock()

    @activity.defn(name="fitTrees")
    def fit_trees(self, ref: dict) -> None:
        """Runs the fit with the id `ref["fitId"]` and stores its outcome, unless an outcome is already stored."""
        fit_id = int(ref["fitId"])
        with _beating(fit_id), _turn_of(self._turn):
            self._fit(fit_id)

    def _fit(self, fit_id: int) -> None:
        # No prepared statements, because behind a connection pooler the next transaction may run in another session.
        with psycopg.connect(
            self._database_url, autocommit=True, application_name="tidegate-trees", prepare_threshold=None
        ) as connection:
            found = connection.execute(
                "select dataset_id, options, rows, checkpoint, outcome from tidegate.tree_fit where id = %s", [fit_id]
            ).fetchone()
            if found is None:
                raise foreign(f"there is no fit {fit_id} in this database", activity.info().attempt)
            dataset_id, options, chosen, checkpoint, outcome = found
            if outcome is not None:
                return
            rows = read_rows(connection, dataset_id, chosen)
            matrix, columns = encode(rows)
            saved = time.monotonic()

            def after_round(progress: Progress, booster) -> None:
                nonlocal saved
                if activity.is_cancelled():
                    raise CancelledError("the fit was cancelled")
                if time.monotonic() - saved < self._checkpoint_seconds:
                    return
                progress.model = booster.model_to_string(num_iteration=-1)
                _save(connection, fit_id, progress)
                saved = time.monotonic()

            start = Progress(**checkpoint) if checkpoint else Progress()
            booster, progress = boost(matrix, rows.labels, rows.clusters, Options(**options), start, after_round)
            model = to_onnx(booster.dump_model(num_iteration=progress.best), matrix.shape[1])
            gains = booster.feature_importance("gain", iteration=progress.best)
            sample = np.arange(0, len(rows.labels), max(1, math.ceil(len(rows.labels) / SAMPLE_ROWS)))
            scores = booster.predict(matrix[sample], num_iteration=progress.best)
            _finish(connection, fit_id, model, {
                "input": {"name": INPUT, "type": "float32", "columns": columns},
                "output": {"name": OUTPUT, "column": 0, "holds": "log-odds"},
                "bytes": len(model),
                "rounds": progress.best,
                "boosted": progress.rounds,
                "validationLogLoss": progress.best_loss,
                "trainedRows": len(rows.labels),
                "positives": int(rows.labels.sum()),
                "gains": [float(gain) for gain in gains],
                "sample": {"rows": rows.numbers[sample].tolist(), "scores": scores.tolist()},
            })


@contextmanager
def _turn_of(lock: threading.Lock) -> Iterator[None]:
    # Waits in short intervals, because the exception of a cancellation is only raised between two of them.
    while not lock.acquire(timeout=0.2):
        pass
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _beating(fit_id: int) -> Iterator[None]:
    """Sends heartbeats from a thread of its own, because binning many rows takes longer than the heartbeat timeout."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(0.4):
            activity.heartbeat({"fitId": fit_id})

    thread = threading.Thread(target=contextvars.copy_context().run, args=[beat], daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()


def _save(connection: psycopg.Connection, fit_id: int, progress: Progress) -> None:
    connection.execute(
        "update tidegate.tree_fit set checkpoint = %s, rounds_done = %s where id = %s and outcome is null",
        [progress.to_text(), progress.rounds, fit_id],
    )


def _finish(connection: psycopg.Connection, fit_id: int, model: bytes, outcome: dict) -> None:
    digest = hashlib.sha256(model).hexdigest()
    with connection.transaction():
        connection.execute(
            "insert into tidegate.onnx_model (digest, bytes) values (%s, %s) on conflict do nothing", [digest, model]
        )
        connection.execute(
            "update tidegate.tree_fit set outcome = %s, checkpoint = null, rounds_done = %s, finished_at = now() "
            "where id = %s and outcome is null",
            [json.dumps({"digest": digest, **outcome}), outcome["boosted"], fit_id],
        )
