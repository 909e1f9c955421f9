"""Models with inputs and outputs of every kind: dimensions, types, constants, files beside them."""

import numpy as np
from onnx import TensorProto

from corpus.onnx_builder import model, node, port, tensor

RANK_FUNCTIONS = [("Relu", [7]), ("Relu", [1, 7]), ("Sigmoid", [1, 3, 5]),
                  ("Tanh", ["N", 3, 4, 5]), ("Relu", [1, 2, 3, 4, 5])]


def external():
    """Weights in a file that is not there."""
    weights = TensorProto(
        dims=[3, 2, 1, 1], data_type=TensorProto.FLOAT, name="w",
        data_location=TensorProto.EXTERNAL)
    weights.external_data.add(key="location", value="weights.bin")
    return weights


def make():
    random = np.random.RandomState(0)

    def conv(output, shape, result, *weights, **attributes):
        return ([node("Conv", "x w", output, **attributes)], [port("x", shape)], result,
                [tensor("w", random.randn(*weights))])

    # In the order in which they take random numbers.
    line = conv("y", [1, 3, 6], [port("y", [1, 4, 6])], 4, 3, 3, pads=[1, 1])
    volume = conv("y", [1, 2, 3, 4, 5], [port("y", [1, 3, 3, 4, 5])], 3, 2, 3, 3, 3, pads=[1] * 6)
    nodes, *image = conv(
        "c", [1, 3, 6, 5], [port("y", [1, 2, 4, 3]), port("c", [1, 2, 4, 3])], 2, 3, 3, 3)
    image = [nodes + [node("Relu", "c", "y")], *image]
    constant = [
        [node("Relu", "c", "y"), node("Shape", "x", "s"), node("Relu", "x", "z")],
        [port("x", [1, 4])],
        [port("y", [1, 4]), port("s", [2], TensorProto.INT64), port("z", [1, 4])],
        [tensor("c", random.randn(1, 4))]]
    nodes, *position = conv(
        "c", [1, 3, 4, 4], [port("y", [1, 1, 2, 2], TensorProto.INT64)], 4, 3, 3, 3)
    position = [nodes + [node("ArgMax", "c", "y", axis=1)], *position]
    padded = conv("y", [1, 2, 4, 4], [port("y", [1, 3, 6, 6])], 3, 2, 1, 1, pads=[1] * 4)
    mask = np.tril(np.ones((4, 4), bool))
    models = {
        "line": line, "volume": volume, "image": image, "constant": constant,
        "position": position, "padded": padded,
        "choice": [
            [node("Add", "x m", "a"), node("Softmax", "a", "p", axis=-1),
             node("Where", "k p z", "y")],
            [port("x", [1, 4, 4])], [port("y", [1, 4, 4])],
            [tensor("m", np.where(mask, 0, -np.inf)), tensor("k", mask, bool),
             tensor("z", [0])]],
        "empty_window": [
            [node("MaxPool", "x", "y", kernel_shape=[2, 2], strides=[2, 2], pads=[2] * 4)],
            [port("x", [1, 3, 4, 4])], [port("y", [1, 3, 4, 4])]],
        "external": [[node("Conv", "x w", "y")], [port("x", [1, 2, 4, 4])],
                     [port("y", [1, 3, 4, 4])], [external()]],
        "mask": [[node("Dropout", "x", "y m")], [port("x", [1, 4])],
                 [port("y", [1, 4]), port("m", [1, 4], TensorProto.BOOL)]],
        "zero": [[node("Relu", "x", "y")], [port("x", [1, 0, 8, 8])], [port("y", [1, 0, 8, 8])]],
    }
    for operator, shape in RANK_FUNCTIONS:
        models[f"rank{len(shape)}"] = [
            [node(operator, "x", "y")], [port("x", shape)], [port("y", shape)]]
    return {f"{name}.onnx": model("g", *parts).SerializeToString()
            for name, parts in models.items()}
