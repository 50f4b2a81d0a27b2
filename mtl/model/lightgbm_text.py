"""Reads and writes LightGBM's text model: the form in which forests are grown, kept and exchanged.

Reading is done here, in Python, and not by LightGBM's own parser, which is unchecked C and aborts the process on a
damaged file. A forest with K outputs is written as a booster with K classes whose trees repeat the structure K times.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtl.model.forest import MAX_DECISIONS, Floats, Forest, TreeShape

CATEGORICAL, DEFAULT_LEFT, MISSING_ZERO, MISSING_NAN = 1, 2, 4, 8
MOST_FEATURES = 1_000_000


class ModelTextError(ValueError):
    """A LightGBM text that cannot be read."""


def tree_blocks(text: str) -> list[dict[str, str]]:
    """The ``key=value`` lines of every tree of a model text."""
    body = text.partition("\nend of trees")[0]
    blocks = []
    for block in body.split("\nTree=")[1:]:
        blocks.append(dict(line.split("=", 1) for line in block.split("\n")[1:] if "=" in line))
    return blocks


def _numbers(block: dict[str, str], key: str, dtype: type, size: int | None = None) -> np.ndarray:
    try:
        found: np.ndarray = np.array(block[key].split(), dtype=dtype) if block[key] else np.zeros(0, dtype)
    except KeyError:
        raise ModelTextError(f"a tree lacks its line {key}=") from None
    except (ValueError, OverflowError):
        raise ModelTextError(
            f"a tree's {key}= holds something that is not a number: {block[key][:40]!r}"
        ) from None
    if size is not None and len(found) != size:
        raise ModelTextError(f"a tree's {key}= has {len(found)} entries, not {size}")
    return found


def tree_shape(block: dict[str, str], features: Sequence[int]) -> TreeShape | None:
    """Structure of one tree, or None if it takes no decision; `features` maps LightGBM's columns to the table's."""
    n_leaves = int(_numbers(block, "num_leaves", np.int64, 1)[0])
    if n_leaves == 1:
        if _numbers(block, "leaf_value", np.float64).any():
            raise ModelTextError("a tree of one leaf adds a constant, which a forest cannot keep")
        return None
    if not 2 <= n_leaves <= MAX_DECISIONS + 1:
        raise ModelTextError(
            f"a tree has {n_leaves} leaves; trees of 1 to {MAX_DECISIONS + 1} leaves can be explained"
        )
    n = n_leaves - 1
    column = _numbers(block, "split_feature", np.int64, n)
    threshold = _numbers(block, "threshold", np.float64, n)
    kind = _numbers(block, "decision_type", np.int64, n)
    left, right = _numbers(block, "left_child", np.int64, n), _numbers(block, "right_child", np.int64, n)
    if column.min() < 0 or column.max() >= len(features):
        raise ModelTextError(f"a tree splits on column {column.max()}, the model has {len(features)}")
    if np.isnan(threshold).any():
        raise ModelTextError("a tree has a threshold that is not a number")
    categorical = (kind & CATEGORICAL) > 0
    if ((kind & (MISSING_ZERO | MISSING_NAN)) == MISSING_ZERO).any():
        raise ModelTextError("a tree reads zero as missing; train it without zero_as_missing")
    if block.get("is_linear", "0") != "0":
        raise ModelTextError("a tree has linear leaves; train it without linear_tree")
    # a feature without missing values in training: LightGBM reads NaN as 0
    missing_left = np.where(kind & MISSING_NAN, (kind & DEFAULT_LEFT) > 0, threshold >= 0) & ~categorical
    categories = _categories(block, threshold, categorical)
    care, want = _paths(left, right, n_leaves)
    return TreeShape(
        feature=np.asarray(features, dtype=np.int32)[column],
        threshold=np.where(categorical, 0.0, threshold),
        missing_left=missing_left,
        categories=categories,
        care=care,
        want=want,
    )


def _categories(
    block: dict[str, str], threshold: Floats, categorical: np.ndarray
) -> tuple[frozenset[int] | None, ...]:
    if not categorical.any():
        return (None,) * len(categorical)
    bounds = _numbers(block, "cat_boundaries", np.int64)
    words = _numbers(block, "cat_threshold", np.uint64)
    sets: list[frozenset[int] | None] = []
    for i, is_set in enumerate(categorical):
        if not is_set:
            sets.append(None)
            continue
        which = int(threshold[i]) if abs(threshold[i]) < len(bounds) else -1
        if not 0 <= which < len(bounds) - 1 or not 0 <= bounds[which] <= bounds[which + 1] <= len(words):
            raise ModelTextError("a categorical decision points outside its list of categories")
        chosen = words[bounds[which] : bounds[which + 1]]
        sets.append(
            frozenset(32 * w + b for w, word in enumerate(chosen) for b in range(32) if int(word) >> b & 1)
        )
    return tuple(sets)


def _paths(left: np.ndarray, right: np.ndarray, n_leaves: int) -> tuple[np.ndarray, np.ndarray]:
    """For each leaf, which decisions lie on its path and which of them went left."""
    care, want = np.zeros(n_leaves, np.uint8), np.zeros(n_leaves, np.uint8)
    seen_leaves: set[int] = set()
    seen_nodes: set[int] = set()
    stack = [(0, 0, 0)]
    while stack:
        node, on_path, went_left = stack.pop()
        if node < 0:
            leaf = ~node
            if leaf >= n_leaves or leaf in seen_leaves:
                raise ModelTextError("a tree's children do not form a tree")
            seen_leaves.add(leaf)
            care[leaf], want[leaf] = on_path, went_left
            continue
        if node >= n_leaves - 1 or node in seen_nodes:
            raise ModelTextError("a tree's children do not form a tree")
        seen_nodes.add(node)
        bit = 1 << node
        stack.append((int(left[node]), on_path | bit, went_left | bit))
        stack.append((int(right[node]), on_path | bit, went_left))
    if len(seen_leaves) != n_leaves:
        raise ModelTextError("a tree has leaves that no decision reaches")
    return care, want


def forest_from_text(
    text: str, features: Sequence[int] | None = None, n_outputs: int | None = None
) -> Forest:
    """Forest of a LightGBM text model.

    Parameters
    ----------
    text
        What ``Booster.model_to_string()`` or :func:`forest_to_text` wrote; trees of at most eight leaves.
    features
        Index in the table of each of the model's columns; the same order if left out.
    n_outputs
        Outputs; read from ``num_tree_per_iteration`` if left out.

    Raises
    ------
    ModelTextError
        The text is damaged, or its trees are too large to be explained.
    """
    header = dict(line.partition("=")[::2] for line in text.partition("\nTree=")[0].split("\n"))
    try:
        outputs = int(header["num_tree_per_iteration"]) if n_outputs is None else n_outputs
        width = int(header["max_feature_idx"]) + 1 if features is None else len(features)
    except (KeyError, ValueError):
        raise ModelTextError(
            "not a LightGBM model: the header lacks num_tree_per_iteration or max_feature_idx"
        ) from None
    if "average_output" in header:
        raise ModelTextError("a random forest averages its trees; only sums of trees can be read")
    if not 0 <= width <= MOST_FEATURES:
        raise ModelTextError(f"a model of {width} features cannot be read")
    columns = list(range(width)) if features is None else list(features)
    if not 1 <= outputs <= 10_000:
        raise ModelTextError(f"a model with {outputs} outputs cannot be read")
    if "\nend of trees" not in text:
        raise ModelTextError("the model text is cut off before 'end of trees'")
    blocks = tree_blocks(text)
    if len(blocks) % outputs:
        raise ModelTextError(
            f"{len(blocks)} trees cannot be shared by {outputs} outputs: the text is cut off"
        )
    shapes, values, counts = [], [], []
    for first in range(0, len(blocks), outputs):
        group = blocks[first : first + outputs]
        if _shared(group):
            shape = tree_shape(group[0], columns)
            if shape is not None:
                shapes.append(shape)
                values.append(
                    np.stack([_numbers(b, "leaf_value", np.float64, shape.n_leaves) for b in group], axis=1)
                )
                counts.append(
                    np.stack([_numbers(b, "leaf_count", np.int64, shape.n_leaves) for b in group], axis=1)
                )
            continue
        for output, block in enumerate(group):  # an ordinary multiclass booster: a structure an output
            shape = tree_shape(block, columns)
            if shape is None:
                continue
            value, count = (
                np.zeros((shape.n_leaves, outputs)),
                np.zeros((shape.n_leaves, outputs), dtype=np.int64),
            )
            value[:, output] = _numbers(block, "leaf_value", np.float64, shape.n_leaves)
            count[:, output] = _numbers(block, "leaf_count", np.int64, shape.n_leaves)
            shapes.append(shape)
            values.append(value)
            counts.append(count)
    if any(not np.isfinite(v).all() for v in values):
        raise ModelTextError("a leaf value is not finite")
    return Forest.from_trees(shapes, values, counts, outputs)


def _shared(group: list[dict[str, str]]) -> bool:
    keys = (
        "num_leaves",
        "split_feature",
        "threshold",
        "decision_type",
        "left_child",
        "right_child",
        "cat_boundaries",
        "cat_threshold",
    )
    return all(block.get(key) == group[0].get(key) for block in group[1:] for key in keys)


def forest_to_text(forest: Forest, feature_names: Sequence[str]) -> str:
    """LightGBM text model of a forest: one class an output, loadable by ``lightgbm.Booster(model_str=...)``."""
    k, width = forest.n_outputs, len(feature_names)
    names = " ".join(
        f"f{i}" for i in range(width)
    )  # LightGBM allows no white space in names; ours are in the manifest
    lines = [
        "tree", "version=v4", f"num_class={k}", f"num_tree_per_iteration={k}", "label_index=0",
        f"max_feature_idx={width - 1}", "objective=custom", f"feature_names={names}",
        f"feature_infos={' '.join(['[-inf:inf]'] * width)}", "",
    ]  # fmt: skip
    number = 0
    for tree in range(forest.n_trees):
        structure = _structure_lines(forest.shape(tree))
        leaves = slice(forest.leaf_start[tree], forest.leaf_start[tree + 1])
        for output in range(k):
            value, count = forest.value[leaves, output], np.maximum(forest.count[leaves, output], 1)
            lines += [f"Tree={number}", *structure(value, count), "", ""]
            number += 1
    lines += [
        "end of trees",
        "",
        "feature_importances:",
        "",
        "parameters:",
        "end of parameters",
        "",
        "pandas_categorical:null",
        "",
    ]
    return "\n".join(lines)


def _structure_lines(shape: TreeShape):  # type: ignore[no-untyped-def]
    """The lines that all outputs of a tree share; returns a function that adds one output's values and counts."""
    n = len(shape.feature)
    left, right = _children(shape)
    categorical = np.array([c is not None for c in shape.categories])
    kind = np.where(
        categorical, CATEGORICAL | MISSING_NAN, MISSING_NAN | np.where(shape.missing_left, DEFAULT_LEFT, 0)
    )
    threshold = shape.threshold.copy()
    bounds, words = [0], []
    for i in np.flatnonzero(categorical):
        members = shape.categories[i] or frozenset()
        threshold[i] = len(bounds) - 1
        row = [0] * (max(members, default=0) // 32 + 1)
        for c in members:
            row[c // 32] |= 1 << c % 32
        words += row
        bounds.append(len(words))

    def text(values: object) -> str:
        return " ".join(repr(v) for v in np.asarray(values).tolist())

    def lines(value: Floats, count: np.ndarray) -> list[str]:
        internal = _internal_counts(left, right, count)
        return [
            f"num_leaves={n + 1}", f"num_cat={len(bounds) - 1}", f"split_feature={text(shape.feature)}",
            f"split_gain={text(np.ones(n, int))}", f"threshold={text(threshold)}", f"decision_type={text(kind)}",
            f"left_child={text(left)}", f"right_child={text(right)}", f"leaf_value={text(value)}",
            f"leaf_weight={text(count)}", f"leaf_count={text(count)}", f"internal_value={text(np.zeros(n, int))}",
            f"internal_weight={text(internal)}", f"internal_count={text(internal)}",
            *([f"cat_boundaries={text(bounds)}", f"cat_threshold={text(words)}"] if len(bounds) > 1 else []),
            "is_linear=0", "shrinkage=1",
        ]  # fmt: skip

    return lines


def _children(shape: TreeShape) -> tuple[list[int], list[int]]:
    """Child of each decision on either side, as LightGBM numbers them: a decision, or ~leaf."""
    n = len(shape.feature)
    left, right = [0] * n, [0] * n
    bits = [(int(c), int(w)) for c, w in zip(shape.care, shape.want, strict=True)]

    def place(leaves: list[int], above: int) -> int:
        if len(leaves) == 1 and bits[leaves[0]][0] == above:
            return ~leaves[0]
        shared = ~above
        for leaf in leaves:
            shared &= bits[leaf][0]
        node = (shared & -shared).bit_length() - 1  # the decision that every leaf below takes next
        on = 1 << node
        left[node] = place([leaf for leaf in leaves if bits[leaf][1] & on], above | on)
        right[node] = place([leaf for leaf in leaves if not bits[leaf][1] & on], above | on)
        return node

    place(list(range(shape.n_leaves)), 0)
    return left, right


def _internal_counts(left: list[int], right: list[int], count: np.ndarray) -> list[int]:
    total = [0] * len(left)

    def below(node: int) -> int:
        if node < 0:
            return int(count[~node])
        total[node] = below(left[node]) + below(right[node])
        return total[node]

    below(0)
    return total
