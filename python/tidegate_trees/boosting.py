"""Boosting by LightGBM, with early stopping on whole clusters; resumes from a checkpoint after an interruption."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import lightgbm
import numpy as np

VALIDATION_SHARE = 0.2
MIN_OF_CLASS = 50


@dataclass(frozen=True)
class Options:
    """The options of a fit, from the definition."""

    rounds: int
    leaves: int
    depth: int
    learning_rate: float
    min_rows: int
    early_stopping: int
    seed: int
    positive_weight: float
    negative_weight: float


@dataclass
class Progress:
    """State of the boosting: rounds done, the round with the lowest validation log loss, that loss, the model."""

    rounds: int = 0
    best: int = 0
    best_loss: float | None = None
    model: str | None = None

    def to_text(self) -> str:
        return json.dumps(asdict(self))


def validation_rows(clusters: np.ndarray, labels: np.ndarray, options: Options) -> np.ndarray | None:
    """Chooses the validation rows: a fifth of the clusters, drawn by the seed.

    None if early stopping is off, or if the validation rows or the others have fewer than 50 rows of a class.
    """
    if options.early_stopping == 0:
        return None
    distinct = np.unique(clusters)
    drawn = np.random.default_rng(options.seed).permutation(distinct)[: int(len(distinct) * VALIDATION_SHARE)]
    chosen = np.isin(clusters, drawn)
    rarest = min(np.bincount(labels[part], minlength=2).min() for part in (chosen, ~chosen))
    return chosen if rarest >= MIN_OF_CLASS else None


def boost(
    matrix: np.ndarray,
    labels: np.ndarray,
    clusters: np.ndarray,
    options: Options,
    start: Progress,
    after_round: Callable[[Progress, lightgbm.Booster], None],
) -> tuple[lightgbm.Booster, Progress]:
    """Continues boosting from the state `start`. The same rows, options and package versions give the same trees,
    with or without an interruption.
    """
    params = {
        "objective": "binary",
        "learning_rate": options.learning_rate,
        "num_leaves": options.leaves,
        "max_depth": options.depth,
        "min_data_in_leaf": options.min_rows,
        "seed": options.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 2,
        "feature_pre_filter": False,
        "verbosity": -1,
    }
    validation = validation_rows(clusters, labels, options)
    learning = np.ones(len(labels), dtype=bool) if validation is None else ~validation
    weights = np.where(labels == 1, options.positive_weight, options.negative_weight)
    train = lightgbm.Dataset(matrix[learning], labels[learning], weight=weights[learning], free_raw_data=False)
    progress = start
    callbacks: list[Callable] = [_each_round(progress, options, validation is not None, after_round)]
    valid = []
    if validation is not None:
        valid = [train.create_valid(matrix[validation], labels[validation], weight=weights[validation])]
    before = None if progress.model is None else lightgbm.Booster(model_str=progress.model)
    booster = before
    left = options.rounds - progress.rounds
    if left > 0 and not _is_over(progress, options, validation is not None):
        booster = lightgbm.train(
            params, train, num_boost_round=left, init_model=before, valid_sets=valid, callbacks=callbacks
        )
    if validation is None:
        progress.best = progress.rounds
    assert booster is not None
    return booster, progress


def _is_over(progress: Progress, options: Options, validated: bool) -> bool:
    return validated and progress.rounds - progress.best >= options.early_stopping


def _each_round(progress: Progress, options: Options, validated: bool, after_round: Callable) -> Callable:
    def each(env) -> None:
        progress.rounds += 1
        if validated:
            loss = float(env.evaluation_result_list[0][2])
            if progress.best_loss is None or loss < progress.best_loss:
                progress.best, progress.best_loss = progress.rounds, loss
        after_round(progress, env.model)
        if _is_over(progress, options, validated):
            raise lightgbm.callback.EarlyStopException(progress.best, env.evaluation_result_list)

    return each
