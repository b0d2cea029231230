"""Reads the training rows of a frozen dataset from Postgres into numpy arrays and checks every digest."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import psycopg
from temporalio.exceptions import ApplicationError

MISSING_CODE = 0xFFFF_FFFF
NO_LABEL = 255
_FIXED_PARTS = ["key", "cluster", "time", "holdout", "label"]


@dataclass(frozen=True)
class Feature:
    """One feature of the rows: numbers, NaN if missing, or codes that index a dictionary."""

    name: str
    kind: str
    values: np.ndarray
    dictionary: list[str]


@dataclass(frozen=True)
class Rows:
    """Labelled rows outside the holdout, with their row numbers in the dataset."""

    numbers: np.ndarray
    labels: np.ndarray
    clusters: np.ndarray
    features: list[Feature]


def _failure(code: str, message: str) -> ApplicationError:
    return ApplicationError(message, type=code, non_retryable=True)


def read_rows(
    connection: psycopg.Connection, dataset_id: int, chosen: bytes | None
) -> Rows:
    """Reads the training rows whose bit is set in `chosen` (lowest bit first), or all training rows if it is None.

    Reads in one database snapshot, and keeps only the chosen rows and one chunk in memory. Raises UNKNOWN_DATASET,
    DATASET_EXPIRED or DATASET_CHANGED.
    """
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        cursor.execute("set transaction isolation level repeatable read, read only")
        columns, total, digest, expired = cursor.execute(
            "select columns, row_count, digest, expired_at from tidegate.dataset where id = %s", [dataset_id]
        ).fetchone() or _refuse(dataset_id)
        if expired is not None:
            raise _failure("DATASET_EXPIRED", f"the rows of dataset {dataset_id} were deleted")
        digests = _digests(cursor, dataset_id, columns, int(total), digest)

        def read(part: str, kind: str) -> np.ndarray:
            pieces = []
            for ordinal, chunk in cursor.execute(
                "select ordinal, bytes from tidegate.dataset_chunk where dataset_id = %s and part = %s order by ordinal",
                [dataset_id, part],
            ):
                if hashlib.sha256(chunk).hexdigest() != digests.get((part, ordinal)):
                    raise _changed(dataset_id, f"{part}/{ordinal}")
                pieces.append((ordinal, np.frombuffer(chunk, dtype=kind)))
            return _joined(pieces)

        labels = read("label", "u1")
        wanted = (labels != NO_LABEL) & (read("holdout", "u1") == 0)
        if chosen is not None:
            bits = np.unpackbits(np.frombuffer(chosen, dtype="u1"), bitorder="little")[: len(wanted)]
            wanted &= bits.astype(bool)
        numbers = np.flatnonzero(wanted)
        features = [
            Feature(
                column["name"],
                column["kind"],
                read(f"feature_{position}", "<f8" if column["kind"] == "numeric" else "<u4")[numbers],
                column.get("dictionary", []),
            )
            for position, column in enumerate(columns)
        ]
        return Rows(numbers, labels[numbers], read("cluster", "<u4")[numbers], features)


def _joined(pieces: list[tuple[int, np.ndarray]]) -> np.ndarray:
    return pieces[0][1] if len(pieces) == 1 else np.concatenate([piece for _, piece in pieces])


def _digests(cursor, dataset_id: int, columns: list, total: int, digest: str) -> dict[tuple[str, int], str]:
    place = {part: at for at, part in enumerate([*_FIXED_PARTS, *(f"feature_{at}" for at in range(len(columns)))])}
    found = cursor.execute(
        "select part, ordinal, digest from tidegate.dataset_chunk where dataset_id = %s", [dataset_id]
    ).fetchall()
    found.sort(key=lambda row: (row[1], place.get(row[0], -1)))
    header = {"columns": columns, "rows": total, "chunks": [f"{p}/{o}/{d}" for p, o, d in found]}
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise _changed(dataset_id, "its header")
    return {(part, ordinal): chunk for part, ordinal, chunk in found}


def _changed(dataset_id: int, where: str) -> ApplicationError:
    return _failure("DATASET_CHANGED", f"dataset {dataset_id} differs from its digest at {where}")


def _refuse(dataset_id: int):
    raise _failure("UNKNOWN_DATASET", f"there is no dataset {dataset_id}")
