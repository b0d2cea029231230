"""Converts LightGBM trees to an ONNX model with the same log-odds."""

import numpy as np
from onnx import TensorProto, helper

INPUT, OUTPUT = "features", "log_odds"


def to_onnx(dumped: dict, width: int) -> bytes:
    """Makes a model of one TreeEnsembleRegressor, from a float32 matrix [N, width] to [N, 1].

    LightGBM compares in float64, but the matrix is float32. If a threshold is rounded down to float32, it still splits
    the float32 values of the matrix in the same way.
    """
    nodes: dict[str, list] = {
        name: []
        for name in (
            "treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids",
            "missing_value_tracks_true",
        )
    }
    leaves: dict[str, list] = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}
    for tree, info in enumerate(dumped["tree_info"]):
        _add_tree(tree, info["tree_structure"], nodes, leaves)
    node = helper.make_node(
        "TreeEnsembleRegressor",
        [INPUT],
        [OUTPUT],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function="SUM",
        post_transform="NONE",
        **{f"nodes_{name}": values for name, values in nodes.items()},
        **{f"target_{name}": values for name, values in leaves.items()},
    )
    graph = helper.make_graph(
        [node],
        "gradient-boosted-trees",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, width])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [None, 1])],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=8, producer_name="tidegate-trees")
    return model.SerializeToString(deterministic=True)


def _add_tree(tree: int, root: dict, nodes: dict[str, list], leaves: dict[str, list]) -> None:
    waiting = [root]
    # Nodes are numbered when they are first seen, so that the numbers of children are known when their parent is written.
    numbers = {id(root): 0}
    while waiting:
        node = waiting.pop()
        number = numbers[id(node)]
        is_leaf = "leaf_value" in node
        if is_leaf:
            left = right = 0
            leaves["treeids"].append(tree)
            leaves["nodeids"].append(number)
            leaves["ids"].append(0)
            leaves["weights"].append(float(node["leaf_value"]))
        else:
            for child in (node["left_child"], node["right_child"]):
                numbers[id(child)] = len(numbers)
                waiting.append(child)
            left, right = numbers[id(node["left_child"])], numbers[id(node["right_child"])]
        threshold = 0.0 if is_leaf else float(node["threshold"])
        nodes["treeids"].append(tree)
        nodes["nodeids"].append(number)
        nodes["featureids"].append(0 if is_leaf else int(node["split_feature"]))
        nodes["modes"].append("LEAF" if is_leaf else "BRANCH_LEQ")
        nodes["values"].append(0.0 if is_leaf else _rounded_down(threshold))
        nodes["truenodeids"].append(left)
        nodes["falsenodeids"].append(right)
        nodes["missing_value_tracks_true"].append(0 if is_leaf else int(_missing_goes_left(node, threshold)))


def _missing_goes_left(node: dict, threshold: float) -> bool:
    # If training had no missing values, LightGBM treats a missing value as 0.
    return bool(node["default_left"]) if node["missing_type"] == "NaN" else threshold >= 0.0


def _rounded_down(threshold: float) -> float:
    largest = float(np.finfo(np.float32).max)
    clipped = np.float32(min(largest, max(-largest, threshold)))
    return float(clipped if float(clipped) <= threshold else np.nextafter(clipped, np.float32(-np.inf)))
