"""Builds small ONNX models."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def tensor(name, values, kind=np.float32):
    return numpy_helper.from_array(np.asarray(values, kind), name)


def port(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def node(operator, inputs, outputs, **attributes):
    """Inputs and outputs by their names, apart by blanks; '-' is an absent one."""
    return helper.make_node(
        operator, ["" if name == "-" else name for name in inputs.split()], outputs.split(),
        **attributes)


def model(name, nodes, inputs, outputs, constants=(), opset=17, ir_version=8):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(constants))
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
