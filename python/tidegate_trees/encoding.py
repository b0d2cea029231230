"""Encodes features as float32 columns: categories are numbered by their share of positives, missing values are NaN."""

import numpy as np

from .frozen_rows import MISSING_CODE, Feature, Rows

MAX_LEVELS = 200
# A level's share of positives is shrunk towards the overall share, as if the level had this many more rows of which the
# overall share is positive.
SMOOTHING = 20.0


def encode(rows: Rows) -> tuple[np.ndarray, list[dict]]:
    """Returns the matrix, and the description of each column for the artifact.

    If categories are ordered by their share of positives, the best split of this order is as good as the best split into
    any two subsets (Fisher, JASA 53 (1958)). The 200 most common levels have a number each; rarer and unseen levels share
    one number, placed at the overall share.
    """
    matrix = np.empty((len(rows.labels), len(rows.features)), dtype=np.float32)
    columns = []
    for position, feature in enumerate(rows.features):
        if feature.kind == "numeric":
            values, column = feature.values, {"kind": "numeric", "name": feature.name, "missing": None}
            with np.errstate(over="ignore"):
                most = float(np.finfo(np.float32).max)
                matrix[:, position] = np.where(np.isfinite(values), np.clip(values, -most, most), np.nan)
        else:
            matrix[:, position], column = _ordered(feature, rows.labels)
        columns.append(column)
    return matrix, columns


def _ordered(feature: Feature, labels: np.ndarray) -> tuple[np.ndarray, dict]:
    present = feature.values != MISSING_CODE
    size = len(feature.dictionary)
    counts = np.bincount(feature.values[present], minlength=size)
    positives = np.bincount(feature.values[present], weights=labels[present], minlength=size)
    prior = float(labels.mean())
    shares = (positives + SMOOTHING * prior) / (counts + SMOOTHING)
    seen = [code for code in range(size) if counts[code] > 0]
    seen.sort(key=lambda code: (-counts[code], feature.dictionary[code]))
    kept = sorted(seen[:MAX_LEVELS], key=lambda code: (shares[code], feature.dictionary[code]))
    # Rare and unseen levels get one number: above those of the levels whose share is below the overall share, and below the
    # numbers of the others.
    below = sum(1 for code in kept if shares[code] < prior)
    numbers = np.full(size + 1, float(below), dtype=np.float32)
    for at, code in enumerate(kept):
        numbers[code] = at if at < below else at + 1
    numbers[size] = np.nan
    codes = [{"value": feature.dictionary[code], "code": int(numbers[code])} for code in kept]
    column = {
        "kind": "category", "as": "code", "name": feature.name, "codes": codes, "unseen": below, "missing": None,
    }
    return numbers[np.where(present, feature.values, size)], column
