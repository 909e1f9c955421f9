"""Models whose inputs have no size, or no number of tensors, until somebody says one."""

import numpy as np
from onnx import TensorProto, helper

from corpus.onnx_builder import model, node, port, tensor


def make():
    weights = np.random.default_rng(1).standard_normal((2, 3, 3, 3))
    result = [port("y", ["n", 2, "a", "b"])]
    open_sizes = model(
        "open", [node("Conv", "x w", "c", name="conv", pads=[1, 1, 1, 1]),
                 node("GlobalAveragePool", "c", "y")],
        [port("x", ["n", 3, "h", "w"])], result, [tensor("w", weights)])
    sequence = model(
        "sequence", [node("ConcatFromSequence", "x", "j", name="join", axis=1),
                     node("Conv", "j w", "y", name="conv")],
        [helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, None)], result,
        [tensor("w", weights)])
    return {"open.onnx": open_sizes.SerializeToString(),
            "sequence.onnx": sequence.SerializeToString()}
