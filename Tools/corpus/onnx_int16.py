"""A quantized model with symmetric activations of int16 and weights of int8, with what ONNX
Runtime computes."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from support.peers import session

SHAPE = [1, 2, 8, 7]


class Wide:
    """Nodes between whose results stand conversions to int16 and back."""

    def __init__(self):
        self.random = np.random.default_rng(16)
        self.nodes, self.constants = [], []

    def constant(self, values, kind):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def node(self, operator, inputs, **attributes):
        name = f"{operator}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def wide(self, x, scale):
        grid = [self.constant(scale, np.float32), self.constant(0, np.int16)]
        return self.node("DequantizeLinear", [self.node("QuantizeLinear", [x, *grid]), *grid])

    def parameters(self, shape, scale):
        """Weights by channel, and a bias of int32."""
        codes = self.random.integers(-127, 128, shape)
        scales = self.random.uniform(0.002, 0.01, shape[0]).astype(np.float32)
        weights = self.node("DequantizeLinear", [
            self.constant(codes, np.int8), self.constant(scales, np.float32)], axis=0)
        bias = self.node("DequantizeLinear", [
            self.constant(self.random.integers(-9999, 9999, shape[0]), np.int32),
            self.constant(scales * np.float32(scale), np.float32)], axis=0)
        return [weights, bias]


def make():
    """A convolution, a depthwise one, an addition, pools, a dense layer, and its functions."""
    w = Wide()
    x = w.wide("x", 1e-5)
    first = w.wide(w.node("Relu", [w.node(
        "Conv", [x, *w.parameters([6, 2, 3, 3], 1e-5)], pads=[1, 1, 1, 1])]), 4e-5)
    second = w.wide(w.node(
        "Conv", [first, *w.parameters([6, 1, 3, 3], 4e-5)], group=6, pads=[1, 1, 1, 1]), 5e-5)
    total = w.wide(w.node("Add", [first, second]), 6e-5)
    pooled = w.wide(w.node("MaxPool", [total], kernel_shape=[2, 2], strides=[2, 2]), 6e-5)
    flat = w.wide(w.node("Flatten", [pooled]), 6e-5)
    scores = w.wide(w.node("Gemm", [flat, *w.parameters([5, 72], 6e-5)], transB=1), 2e-4)
    gate = w.wide(w.node("Sigmoid", [scores]), 1 / 32767)
    product = w.wide(w.node("Mul", [scores, gate]), 2e-4)
    y = w.wide(w.node("Tanh", [product]), 1 / 32767)
    graph = helper.make_graph(
        w.nodes, "int16", [helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info(y, TensorProto.FLOAT, [1, 5])], w.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    codes = w.random.integers(-32768, 32768, [40, *SHAPE[1:]]).astype(np.int16)
    peer = session(content)
    reals = [peer.run(None, {"x": (code[None] * np.float64(1e-5)).astype(np.float32)})[0]
             for code in codes]
    results = np.rint(np.concatenate(reals) * 32767).astype(np.int16)
    return {"int16.onnx": content, "int16.output": results.tobytes(),
            "int16.input": np.ascontiguousarray(codes.transpose(0, 2, 3, 1)).tobytes()}
