"""ONNX files that lie, wrap around, or ask for more than there is: the reader must refuse each, and
`extreme_slice`, which is sound, must be read."""

import numpy as np
from onnx import (
    AttributeProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, ValueInfoProto)

from corpus.onnx_builder import model, node, port, tensor

HUGE = 1 << 62


def field(number, content):
    """A field of a message, by hand: protobuf's own classes stop at a depth of a hundred."""
    size, length = len(content), b""
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def nested(depth):
    """A branch in a branch in a branch…: each level has one node If, the last an Identity."""
    def output(name):
        return field(12, ValueInfoProto(name=name).SerializeToString())

    identity = NodeProto(input=["x"], output=["l"], op_type="Identity")
    graph = field(1, identity.SerializeToString()) + output("l")
    for level in range(depth):
        name = str(level) if level < depth - 1 else "o"
        branch = (field(1, b"then_branch") + field(6, graph)
                  + AttributeProto(type=AttributeProto.GRAPH).SerializeToString())
        head = NodeProto(input=["c"], output=[name], op_type="If").SerializeToString()
        graph = field(1, head + field(5, branch)) + output(name)
    condition = TensorProto(data_type=TensorProto.BOOL, name="c", raw_data=b"\1")
    graph += field(11, port("x", [1]).SerializeToString())
    graph += field(5, condition.SerializeToString())
    version = ModelProto(opset_import=[OperatorSetIdProto(version=17)])
    return field(7, graph) + version.SerializeToString()


def one(name, operator, inputs="x", constants=(), shape=(1, 4), result=(1, 4), label=None,
        output="y", **attributes):
    return model(
        name, [node(operator, inputs, output, name=label or operator.lower(), **attributes)],
        [port("x", shape)], [port("y" if output else "x", result)], constants)


def outside():
    """Weights in a file outside the model's folder."""
    weights = TensorProto(dims=[4], data_type=TensorProto.FLOAT, name="w",
                          data_location=TensorProto.EXTERNAL)
    weights.external_data.add(key="location", value="../../../../etc/passwd")
    return weights


def lying(values):
    """A tensor that says that it has more elements than it has."""
    return TensorProto(dims=[1_000_000], data_type=TensorProto.FLOAT, name="w",
                       raw_data=values.astype("<f4").tobytes())


def old(opset, nodes, outputs, constants, has_input=True):
    """Of an old operator set; nothing says the shapes of its results."""
    inputs = [port("x", [1, 4, 2, 2])] if has_input else []
    return model("g", nodes, inputs, [port(name, None) for name in outputs], constants, opset, 14)


def windows():
    operators = ["MaxPool", "LpPool", "AveragePool"]
    extra = {"LpPool": {"p": 2}}
    sizes = {"kernel_shape": [1 << 20] * 4, "pads": [(1 << 20) - 1] * 4 + [0] * 4}
    nodes = [node(name, "c", name, **sizes, **extra.get(name, {})) for name in operators]
    return old(11, nodes, operators, [tensor("c", np.ones([1] * 6))], has_input=False)


def make(real):
    cycle = model(
        "hostile_cycle", [node("Add", "x b", "a", name="n1"), node("Relu", "a", "b", name="n2")],
        [port("x", [1, 2])], [port("b", [1, 2])])
    expand = model(
        "hostile_expand", [node("Expand", "c s", "e", name="expand"),
                           node("Add", "x e", "y", name="add")],
        [port("x", [1, 2])], [port("y", [1, 2])],
        [tensor("c", [1]), tensor("s", [16384, 16384], np.int64)])
    ones = tensor("v", np.ones(4))
    models = {
        "hostile_pads": one(
            "hostile_pads", "Conv", "x w", [tensor("w", real(1, 1, 3, 3))],
            (1, 1, 4, 4), (1, 1, 2, 2), pads=[HUGE] * 4, strides=[-1, 0], dilations=[HUGE, 1]),
        "hostile_cycle": cycle,
        "hostile_dimension": one("hostile_dimension", "Relu", shape=(1, HUGE), result=(1, 2),
                                 label="r"),
        "hostile_negative": one("hostile_negative", "Relu", shape=(1, -5), result=(1, 2),
                                label="r"),
        "hostile_zero_dimensions": one(
            "hostile_zero_dimensions", "Flatten", shape=[0] + [1 << 24] * 4, result=(0, 4),
            label="f"),
        "hostile_expand": expand,
        "hostile_external": one("hostile_external", "Add", "x w", [outside()]),
        "hostile_lying_tensor": one("hostile_lying_tensor", "Add", "x w", [lying(real(4))]),
        "hostile_groups": one(
            "hostile_groups", "Conv", "x w", [tensor("w", np.zeros((1, 0, 3, 3)))], (1, 0, 4, 4),
            (1, 1, 2, 2), group=0),
        "hostile_no_output": one("hostile_no_output", "Relu", label="n", output=""),
        "hostile_reshape": one(
            "hostile_reshape", "Reshape", "x s", [tensor("s", [HUGE, HUGE, -1], np.int64)]),
        "extreme_slice": one(
            "hostile_slice", "Slice", "x a b c d",
            [tensor(name, [value], np.int64)
             for name, value in zip("abcd", (-2**63, 2**63 - 1, 1, -2**63))]),
        "hostile_old_axis": old(
            1, [node("Add", "x v", "y", name="sum", broadcast=1, axis=3)], "y",
            [tensor("v", np.ones((4, 2)))]),
        "hostile_old_broadcast": old(6, [node("Add", "x v", "y", name="sum")], "y", [ones]),
        "hostile_old_folded": old(
            1, [node("Add", "u v", "y", name="sum", broadcast=1, axis=-(1 << 39))], "y",
            [ones, tensor("u", np.ones((1, 4, 2, 2)))], has_input=False),
        "hostile_old_training": old(
            6, [node("Dropout", "x", "d", name="drop"),
                node("BatchNormalization", "x v v v v", "b", name="norm"),
                node("Affine", "x", "z", name="affine", domain="other")], "dbz", [ones]),
        "hostile_windows": windows(),
    }
    files = {f"{name}.onnx": value.SerializeToString() for name, value in models.items()}
    files["hostile_branches.onnx"] = nested(150)
    files["hostile_varint.onnx"] = b":" + b"\xff" * 10
    # Graphs that hold a node that holds an attribute that holds an empty graph.
    files["hostile_nesting.onnx"] = b":\x06\x0a\x04*\x022\x00" * 3
    return files
