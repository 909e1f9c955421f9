"""Quantized models that are not float models' twins, with what ONNX Runtime computes.

`zero_points`: uint8 weights with zero points. Scales are such that every accumulator is multiplied
by 1 / an odd number: no result is half-way between two codes, so that all ways of rounding agree
and bytes must be equal. `partial`: some nodes without scales. `shared`: maximum, minimum and
concatenation between different scales. `narrow`: ranges narrowed by Clip, as PyTorch does.
`edges`: codes arranged before they are read, as tf2onnx does. `split`: parts on grids of their own.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from support.peers import images_last, session

RANDOM = np.random.default_rng(5)
FILES = {}


class Model:
    def __init__(self, shape):
        self.nodes, self.constants, self.count = [], [], 0
        self.shape = shape

    def constant(self, values, kind=np.float32):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def node(self, operator, inputs, **attributes):
        self.count += 1
        output = f"t{self.count}"
        self.nodes.append(helper.make_node(
            operator, inputs, [output], name=f"{operator}{self.count}", **attributes))
        return output

    def grid(self, scale, zero):
        return [self.constant(scale), self.constant(zero, np.uint8)]

    def quantized(self, x, scale, zero):
        """x rounded to the grid; the codes, and the reals that they stand for."""
        grid = self.grid(scale, zero)
        codes = self.node("QuantizeLinear", [x, *grid])
        return codes, self.node("DequantizeLinear", [codes, *grid])

    def weights(self, codes, scales, zeros, axis=0):
        names = [self.constant(codes, np.uint8), *self.grid(scales, zeros)]
        return self.node("DequantizeLinear", names, axis=axis)

    def save(self, name, results, kind, input_kind=None):
        """`results`: the shape of each output. Gives a session of ONNX Runtime on the file."""
        graph = helper.make_graph(
            self.nodes, name,
            [helper.make_tensor_value_info("x", input_kind or kind, self.shape)],
            [helper.make_tensor_value_info(name, kind, shape) for name, shape in results.items()],
            self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        FILES[f"{name}.onnx"] = model.SerializeToString()
        return session(FILES[f"{name}.onnx"])


def last(samples):
    """Samples [N, 1, C, H, W] with their channels behind their pixels, as Octet has them."""
    return samples.transpose(0, 1, 3, 4, 2)


def save(name, inputs, outputs):
    FILES[f"{name}.input"] = inputs.tobytes()
    FILES[f"{name}.output"] = b"".join(value.tobytes() for value in outputs)


def codes(*shape):
    result = RANDOM.integers(0, 256, shape, np.uint8)
    # The ends are there.
    result.flat[0], result.flat[-1] = 0, 255
    return result


def zero_points():
    model = Model([1, 3, 6, 6])
    scale = np.float32(2 ** -6)
    weight = np.float32(2 ** -7)
    x = model.node("DequantizeLinear", ["x", *model.grid(scale, 131)])

    def after(scale, odd, weight=weight):
        return np.float32(np.float64(scale) * np.float64(weight) * odd)

    bias = model.constant(np.array([500, -300, 20, 7]) * scale * weight)
    y = model.node("Conv", [x, model.weights(codes(4, 3, 3, 3), weight, 100), bias],
                   pads=[1, 1, 1, 1])
    scale = after(scale, 501)
    y, _ = model.quantized(y, scale, 120)
    results = {y: [1, 4, 6, 6]}
    # A depthwise convolution on codes; weights up to 255 in channel 1, which take three parts.
    w = codes(4, 1, 3, 3)
    w[1, 0, 1, 1] = 255
    inputs = [y, *model.grid(scale, 120), model.constant(w, np.uint8),
              *model.grid([weight] * 4, [128, 0, 90, 255])]
    next_scale = after(scale, 301)
    y = model.node("QLinearConv", [*inputs, *model.grid(next_scale, 128)], group=4,
                   pads=[1, 1, 1, 1], strides=[1, 2])
    results[y] = [1, 4, 6, 3]
    scale = next_scale
    y = model.node("DequantizeLinear", [y, *model.grid(scale, 128)])
    w = model.weights(codes(4, 2, 2, 2), weight, 60)
    y = model.node("ConvTranspose", [y, w], strides=[2, 2])
    scale = after(scale, 151)
    code, y = model.quantized(y, scale, 110)
    results[code] = [1, 2, 12, 6]
    # The inputs of one matrix of one scale, then one scale and zero point an output.
    y = model.node("Flatten", [y])
    count = 2 * 12 * 6
    y = model.node("MatMul", [y, model.weights(codes(count, 8), weight, 77)])
    scale = after(scale, 501)
    code, y = model.quantized(y, scale, 128)
    results[code] = [1, 8]
    scales = np.array([weight, weight / 2, weight / 4], np.float32)
    w = model.weights(codes(3, 8), scales, [3, 128, 200])
    y = model.node("Gemm", [y, w], transB=1)
    scale = after(scale, 51)
    y, _ = model.quantized(y, scale, 140)
    results[y] = [1, 3]
    peer = model.save("zero_points", results, TensorProto.UINT8)
    samples = RANDOM.integers(0, 256, (16, 1, 3, 6, 6), np.uint8)
    save("zero_points", last(samples),
         [images_last(value) for x in samples for value in peer.run(None, {"x": x})])


def partial():
    model = Model([1, 2, 6, 6])
    real = lambda *shape: RANDOM.normal(0, 0.3, shape)
    _, x = model.quantized("x", 0.0078, 128)
    w = model.weights(codes(4, 2, 3, 3), 0.004, 130)
    _, y = model.quantized(
        model.node("Conv", [x, w, model.constant(real(4))], pads=[1, 1, 1, 1]), 0.02, 117)
    # Between grids: subtraction, maximum, absolute value and average have none of their own.
    z = model.node("Sub", [y, model.constant(real(4, 1, 1))])
    z = model.node("Abs", [model.node("Max", [z, y])])
    z = model.node("AveragePool", [z], kernel_shape=[2, 2], strides=[2, 2])
    _, z = model.quantized(z, 0.01, 0)
    # A function of one code, however it is written: x · sigmoid(1.702 · x).
    s = model.node("Sigmoid", [model.node("Mul", [z, model.constant(1.702)])])
    _, z = model.quantized(model.node("Mul", [z, s]), 0.009, 3)
    # Weights on a grid with a real result, and real weights.
    z = model.node("Conv", [z, model.weights(codes(4, 4, 1, 1), 0.006, 121),
                            model.constant(real(4))])
    z = model.node("Relu", [z])
    z = model.node("Flatten", [z])
    z = model.node("Gemm", [z, model.constant(real(5, 36)), model.constant(real(5))], transB=1)
    peer = model.save("partial", {z: [1, 5]}, TensorProto.FLOAT)
    samples = RANDOM.uniform(-1, 1, (16, 1, 2, 6, 6)).astype(np.float32)
    save("partial", last(samples), [peer.run(None, {"x": x})[0] for x in samples])


def shared():
    """Operations of one scale whose operands and results the file puts on different ones."""
    model = Model([1, 2, 4, 4])
    _, x = model.quantized("x", 0.0078, 128)
    w = model.weights(codes(2, 2, 1, 1), 0.006, 128)
    _, y = model.quantized(model.node("Conv", [x, w]), 0.011, 120)
    _, z = model.quantized(model.node("Max", [x, y]), 0.009, 77)
    _, z = model.quantized(
        model.node("Min", [z, model.weights(codes(2, 1, 1), 0.01, 128)]), 0.008, 100)
    z, _ = model.quantized(model.node("Concat", [z, y], axis=1), 0.012, 130)
    peer = model.save("shared", {z: [1, 4, 4, 4]}, TensorProto.UINT8,
                         TensorProto.FLOAT)
    samples = RANDOM.integers(0, 256, (16, 1, 2, 4, 4), np.uint8)
    reals = (samples.astype(np.float32) - 128) * np.float32(0.0078)
    save("shared", last(samples), [images_last(peer.run(None, {"x": x})[0]) for x in reals])


def narrow():
    """As PyTorch writes it: conversions of codes to the type that they have, ranges narrowed by
    Clip between QuantizeLinear and DequantizeLinear, weights in floats through both."""
    model = Model([1, 2, 6, 6])
    scale, weight = np.float32(2 ** -6), np.float32(2 ** -7)

    def quantized(x, scale, zero, lowest, highest):
        grid = model.grid(scale, zero)
        x = model.node("QuantizeLinear", [x, *grid])
        x = model.node("Clip", [x, model.constant(lowest, np.uint8),
                                model.constant(highest, np.uint8)])
        x = model.node("Cast", [x], to=TensorProto.UINT8)
        return x, model.node("DequantizeLinear", [x, *grid])

    _, x = quantized("x", scale, 60, 0, 127)
    grid = [model.constant([weight] * 4), model.constant([0] * 4, np.int8)]
    w = model.node("QuantizeLinear", [
        model.constant(RANDOM.uniform(-1.2, 1.2, (4, 2, 3, 3))), *grid], axis=0)
    w = model.node("Clip", [w, model.constant(-127, np.int8), model.constant(127, np.int8)])
    w = model.node("DequantizeLinear", [w, *grid], axis=0)
    y = model.node("Conv", [x, w], pads=[1, 1, 1, 1])
    scale = np.float32(np.float64(scale) * np.float64(weight) * 301)
    _, y = quantized(y, scale, 70, 20, 127)
    y = model.node("Pad", [y, model.constant([0, 0, 2, 1, 0, 0, 1, 3], np.int64)], mode="reflect")
    y, _ = quantized(y, scale, 70, 30, 120)
    # Of three columns in even steps, backwards, and of one of their rows.
    y = model.node("Gather", [y, model.constant([7, 4, 1], np.int64)], axis=3)
    y = model.node("Gather", [y, model.constant(-2, np.int64)], axis=2)
    peer = model.save("narrow", {y: [1, 4, 3]}, TensorProto.UINT8,
                         TensorProto.FLOAT)
    samples = RANDOM.integers(0, 128, (16, 1, 2, 6, 6), np.uint8)
    reals = (samples.astype(np.float32) - 60) * np.float32(2 ** -6)
    save("narrow", last(samples), [peer.run(None, {"x": x})[0].transpose(0, 2, 1) for x in reals])


def edges():
    """As tf2onnx writes it: codes in, arranged before they are read; a product and a sum apart."""
    model = Model([1, 4, 4, 2])
    scale, weight = np.float32(2 ** -6), np.float32(2 ** -7)
    x = model.node("Transpose", ["x"], perm=[0, 3, 1, 2])
    x = model.node("Reshape", [x, model.constant([1, 32], np.int64)])
    x = model.node("DequantizeLinear", [x, *model.grid(scale, 131)])
    for inputs, outputs, zero, odd in ((32, 8, 120, 301), (8, 5, 128, 101)):
        y = model.node("MatMul", [x, model.weights(codes(inputs, outputs), weight, 128)])
        step = np.float32(scale * weight)
        bias = model.node("DequantizeLinear", [
            model.constant(RANDOM.integers(-3000, 3000, outputs), np.int32),
            model.constant(step), model.constant(0, np.int32)])
        scale = np.float32(np.float64(step) * odd)
        y, x = model.quantized(model.node("Add", [y, bias]), scale, zero)
    peer = model.save("edges", {y: [1, 5]}, TensorProto.UINT8)
    samples = RANDOM.integers(0, 256, (16, 1, 4, 4, 2), np.uint8)
    save("edges", samples, [peer.run(None, {"x": x})[0] for x in samples])


def split():
    """Parts on grids of their own, a third and a fifth as fine as the whole's."""
    model = Model([1, 5, 4, 4])
    scale = np.float32(2 ** -6)
    x = model.node("DequantizeLinear", ["x", *model.grid(scale, 131)])
    parts = ["first", "second"]
    model.nodes.append(helper.make_node(
        "Split", [x, model.constant([2, 3], np.int64)], parts, name="Split", axis=1))
    results = {}
    for part, odd, zero, count in zip(parts, (3, 5), (128, 90), (2, 3)):
        y, _ = model.quantized(part, np.float32(odd * scale), zero)
        results[y] = [1, count, 4, 4]
    peer = model.save("split", results, TensorProto.UINT8)
    samples = RANDOM.integers(0, 256, (16, 1, 5, 4, 4), np.uint8)
    save("split", samples, [value for x in samples for value in peer.run(None, {"x": x})])


def make():
    for model in (zero_points, partial, shared, narrow, edges, split):
        model()
    return FILES
