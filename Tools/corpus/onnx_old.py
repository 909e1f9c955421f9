"""Cases of the first operator sets, whose nodes no tool of today runs: what they compute is said
here in NumPy."""

import numpy as np
from onnx import helper

from corpus.onnx_builder import model, node, port, tensor


class Case:
    """A model of many nodes; each gives outputs of its own and its values at once."""

    def __init__(self, name, opset, ir_version=3):
        self.name, self.opset, self.ir_version = name, opset, ir_version
        self.values, self.inputs, self.constants = {}, [], []
        self.nodes, self.outputs = [], []

    def input(self, name, values):
        self.inputs.append(name)
        self.values[name] = np.asarray(values)
        return self.values[name]

    def constant(self, name, values, kind=np.float32):
        self.constants.append(tensor(name, values, kind))
        self.values[name] = np.asarray(values, kind)

    def apply(self, operator, inputs, function, results=1, listed=1, **attributes):
        """`function` is called with the inputs' values; of `results` the first `listed` are outputs
        of the model, and have values. Gives the first result's name."""
        prefix = f"{operator.lower()}{len(self.nodes)}"
        names = [f"{prefix}_{k}" for k in range(results)]
        self.nodes.append(node(
            operator, inputs, " ".join(names), name=f"{operator}{len(self.nodes)}", **attributes))
        if function:
            values = function(*(self.values[name] for name in inputs.split()))
            values = values if isinstance(values, tuple) else (values,)
            # In float32, as the operators are.
            self.values |= {name: value.astype(np.float32) if value.dtype == np.float64 else value
                            for name, value in zip(names, values)}
        self.outputs += names[:listed]
        return names[0]

    def port(self, name):
        values = self.values[name]
        return port(name, values.shape, helper.np_dtype_to_tensor_dtype(values.dtype))

    def built(self):
        """The model, its inputs, and its outputs as far as they are known."""
        inputs = [self.port(name) for name in self.inputs]
        # Once, constants were inputs too.
        inputs += [self.port(constant.name) for constant in self.constants]
        result = model(
            self.name, self.nodes, inputs,
            [self.port(name) for name in self.outputs if name in self.values], self.constants,
            self.opset, self.ir_version)
        return (result, [tensor(name, self.values[name], self.values[name].dtype)
                         for name in self.inputs],
                [tensor(name, self.values[name], self.values[name].dtype)
                 for name in self.outputs if name in self.values])


def rows(values):
    """One dimension for each of the first two, to stand at axis 1."""
    return values.reshape((1,) + values.shape + (1,) * (3 - values.ndim))


def channels(values):
    return values.reshape(1, -1, 1, 1)


def convolved(x, weights):
    return np.einsum("nchw,oc->nohw", x, weights[:, :, 0, 0], optimize=False)


def softmax(x):
    flat = x.reshape(len(x), -1)
    powers = np.exp(flat - flat.max(1, keepdims=True))
    return (powers / powers.sum(1, keepdims=True)).reshape(x.shape)


def pooled(x):
    """The root of the sum of squares of 2×2."""
    parts = [x[:, :, a::2, b::2] ** 2 for a in (0, 1) for b in (0, 1)]
    return np.sqrt(parts[0] + parts[1] + parts[2] + parts[3])


def selu(x):
    alpha, gamma = np.float32(1.6732), np.float32(1.0507)
    return np.where(x > 0, gamma * x, gamma * (alpha * np.exp(x) - alpha))


def parameters(case, real):
    for name, *shape in (("channel", 4), ("rows", 4, 4)):
        case.constant(name, real(*shape))
    # Positive ones: a power has reals, and a quotient is not too large.
    case.constant("line", np.abs(real(6)) + np.float32(0.5))
    case.constant("one", [[1.5]])
    case.constant("truth", [True, False, True, False], bool)


def broadcasts(case, old):
    """Arithmetic of set 1 to 6, whose second operand says at which axis it stands."""
    once = {"consumed_inputs": [0, 0]} if old else {}

    def at(axis):
        return {"axis": axis, "broadcast": 1}

    case.apply("Add", "x channel", lambda x, c: x + channels(c), **at(1), **once)
    case.apply("Sub", "x rows", lambda x, r: x - rows(r), **at(1), **once)
    case.apply("Mul", "x line", lambda x, v: x * v, broadcast=1, **once)
    case.apply("Div", "x line", lambda x, v: x / v, **at(-1), **once)
    case.apply("Add", "x one", lambda x, v: x + v, broadcast=1, **once)
    positive = case.apply("Abs", "x", np.abs, listed=0)
    case.apply("Pow", f"{positive} channel", lambda x, c: x ** channels(c), **at(1))
    case.apply("Mul", "x y", lambda x, y: x * channels(y), **at(1), **once)
    case.apply("Sub", "x z", lambda x, z: x - channels(z), **at(0), **once)
    greater = case.apply("Greater", "x y", lambda x, y: x > channels(y), **at(1))
    less = case.apply("Less", "x rows", lambda x, r: x < rows(r), **at(1))
    case.apply("And", f"{greater} truth", lambda a, t: a & channels(t), **at(1))
    case.apply("Or", f"{less} truth", lambda a, t: a | channels(t), **at(1))
    case.apply("PRelu", "x slopes", lambda x, s: np.where(x < 0, x * channels(s), x))
    plain = case.apply("Conv", "x weights", convolved, listed=0)
    case.apply("Add", f"{plain} bias", lambda x, b: x + channels(b), **at(1), **once)
    once = {"consumed_inputs": [0, 0, 0, 1, 1]} if old else {}
    case.apply(
        "BatchNormalization", "x gain offset mean variance",
        lambda x, g, o, m, v: (x - channels(m)) / np.sqrt(channels(v) + np.float32(1e-5))
        * channels(g) + channels(o), is_test=1, epsilon=1e-5, **once)
    once = {"consumed_inputs": [0]} if old else {}
    case.apply("Dropout", "x", lambda x: x, results=2, is_test=1, ratio=0.3, **once)
    flat = case.apply("Flatten", "x", lambda x: x.reshape(1, -1), listed=0)
    case.apply("Gemm", f"{flat} matrix vector",
               lambda x, m, v: np.float32(0.5) * (x @ m) + 2 * v, alpha=0.5, beta=2.0, broadcast=1)


def weights(case, real):
    case.constant("slopes", np.abs(real(4)) if case.opset == 1 else real(4))
    case.constant("weights", real(3, 4, 1, 1))
    for name, count in (("bias", 3), ("gain", 4), ("offset", 4), ("mean", 4)):
        case.constant(name, real(count))
    case.constant("variance", np.abs(real(4)) + np.float32(0.1))
    case.constant("matrix", real(96, 4))
    case.constant("vector", real(4))


def set_1(real):
    case = Case("test_octet_old_1", 1)
    once = {"consumed_inputs": [0]}
    case.input("x", real(1, 4, 4, 6))
    parameters(case, real)
    case.input("y", real(4))
    case.input("z", real(1, 4))
    weights(case, real)
    case.constant("parts", [1, 3])
    case.constant("tiles", 3)
    case.constant("tileaxis", 2)
    broadcasts(case, True)
    apply = case.apply
    apply("Reshape", "x", lambda x: x.reshape(1, -1, 12), shape=[0, -1, 12], **once)
    apply("Cast", "x", lambda x: x.astype(np.int32), to="INT32")
    apply("Cast", "x", lambda x: x != 0, to="bool")
    apply("Pad", "x", lambda x: np.pad(x, ((0, 0), (0, 0), (1, 2), (0, 3)),
                                       constant_values=0.5),
          paddings=[0, 0, 1, 0, 0, 0, 2, 3], value=0.5)
    apply("Concat", "x x", lambda a, b: np.concatenate([a, b], 1))
    apply("Split", "x parts", lambda x, p: (x[:, :1], x[:, 1:]), 2, 2, axis=1)
    apply("Split", "x", lambda x: (x[..., :2], x[..., 2:]), 2, 2, axis=3, split=[2, 4])
    apply("Tile", "x tiles tileaxis", lambda x, t, a: np.tile(x, (1, 1, 3, 1)))
    apply("Upsample", "x", lambda x: x.repeat(2, 2).repeat(3, 3), width_scale=3.0,
          height_scale=2.0, mode="nearest")
    apply("Clip", "x", lambda x: np.clip(x, -0.5, 0.25), min=-0.5, max=0.25, **once)
    apply("Selu", "x", selu)
    apply("LpPool", "x", pooled, kernel_shape=[2, 2], strides=[2, 2], p=2.0)
    apply("GlobalLpPool", "x",
          lambda x: (np.abs(x) ** 3).sum((2, 3), keepdims=True) ** np.float32(1 / 3), p=3.0)
    once = {"consumed_inputs": [0, 0]}
    apply("Max", "x x", np.maximum, **once)
    apply("Sum", "x x", lambda a, b: a + b, **once)
    apply("Mean", "x x x", lambda a, b, c: (a + b + c) / 3, **once)
    apply("ReduceMean", "x", lambda x: x.mean((2, 3)), axes=[2, 3], keepdims=0)
    apply("Slice", "x", lambda x: x[:, 1:3, :, 2:], axes=[1, 3], starts=[1, -4], ends=[3, 9])
    apply("Softmax", "x", softmax)
    return case


def set_6(real, random):
    case = Case("test_octet_old_6", 6)
    case.input("x", real(1, 4, 4, 6))
    parameters(case, real)
    case.input("y", real(4))
    case.input("z", real(1, 4))
    weights(case, real)
    case.constant("repeats", [1, 2, 1, 2], np.int64)
    case.constant("shape", [1, -1, 3], np.int64)
    case.input("i", random.integers(-9, 9, (1, 4, 4, 6)).astype(np.int32))
    case.constant("j", random.integers(-9, 9, 4), np.int32)
    broadcasts(case, False)
    case.apply("Tile", "x repeats", lambda x, r: np.tile(x, (1, 2, 1, 2)))
    case.apply("Cast", "x", lambda x: x.astype(np.int32), to=6)
    case.apply("Reshape", "x shape", lambda x, s: x.reshape(1, -1, 3))
    case.apply("Add", "i j", lambda i, j: i + channels(j), axis=1, broadcast=1)
    return case


def scaler(real):
    """Operators that never left their experiment."""
    case = Case("test_octet_old_scaler", 1)
    case.input("x", real(1, 3, 2, 2))
    bias = [1.0, -2.0, 0.25]
    case.apply("ImageScaler", "x", lambda x: x * np.float32(0.5) + channels(np.float32(bias)),
               scale=0.5, bias=bias)
    case.apply("Affine", "x", lambda x: 2 * x + np.float32(0.5), alpha=2.0, beta=0.5)
    case.apply("Scale", "x", lambda x: 3 * x, scale=3.0)
    return case
