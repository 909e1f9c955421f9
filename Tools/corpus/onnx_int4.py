"""A quantized model with activations of int8 and weights of INT4 and UINT4, with what ONNX Runtime
computes."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from support.peers import session

SHAPE = [1, 2, 8, 7]
SCALES = [0.02, 0.05, 0.06, 0.2]


class Narrow:
    """Nodes between whose results stand conversions to int8 and back."""

    def __init__(self):
        self.random = np.random.default_rng(4)
        self.nodes, self.constants = [], []

    def constant(self, values, kind):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def packed(self, values, kind):
        name = f"c{len(self.constants)}"
        values = np.asarray(values)
        self.constants.append(helper.make_tensor(name, kind, values.shape, values.reshape(-1)))
        return name

    def node(self, operator, inputs, **attributes):
        name = f"{operator}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def on_grid(self, x, scale):
        grid = [self.constant(scale, np.float32), self.constant(0, np.int8)]
        return self.node("DequantizeLinear", [self.node("QuantizeLinear", [x, *grid]), *grid])

    def parameters(self, shape, scale, kind, zero):
        """Weights by channel, and a bias of int32."""
        low = -8 if kind == TensorProto.INT4 else 0
        codes = self.random.integers(low, low + 16, shape)
        scales = self.random.uniform(0.02, 0.08, shape[0]).astype(np.float32)
        weights = self.node("DequantizeLinear", [
            self.packed(codes, kind), self.constant(scales, np.float32),
            self.packed(np.full(shape[0], zero), kind)], axis=0)
        bias = self.node("DequantizeLinear", [
            self.constant(self.random.integers(-300, 300, shape[0]), np.int32),
            self.constant(scales * np.float32(scale), np.float32)], axis=0)
        return [weights, bias]


def make():
    """A convolution of INT4, a depthwise one of UINT4 about 8, and a dense layer of UINT4 about 3,
    whose weights −8…7 do not hold."""
    w = Narrow()
    x = w.on_grid("x", SCALES[0])
    first = w.on_grid(w.node("Relu", [w.node("Conv", [
        x, *w.parameters([6, 2, 3, 3], SCALES[0], TensorProto.INT4, 0)],
        pads=[1, 1, 1, 1])]), SCALES[1])
    second = w.on_grid(w.node("Conv", [
        first, *w.parameters([6, 1, 3, 3], SCALES[1], TensorProto.UINT4, 8)],
        group=6, pads=[1, 1, 1, 1]), SCALES[2])
    flat = w.on_grid(w.node("Flatten", [second]), SCALES[2])
    y = w.on_grid(w.node("Gemm", [
        flat, *w.parameters([5, 336], SCALES[2], TensorProto.UINT4, 3)], transB=1), SCALES[3])
    graph = helper.make_graph(
        w.nodes, "int4", [helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info(y, TensorProto.FLOAT, [1, 5])], w.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    codes = w.random.integers(-128, 128, [20, *SHAPE[1:]]).astype(np.int8)
    peer = session(content)
    reals = [peer.run(None, {"x": code[None] * np.float32(SCALES[0])})[0] for code in codes]
    results = np.rint(np.concatenate(reals) / np.float32(SCALES[3])).astype(np.int8)
    return {"int4.onnx": content, "int4.output": results.tobytes(),
            "int4.input": np.ascontiguousarray(codes.transpose(0, 2, 3, 1)).tobytes()}
