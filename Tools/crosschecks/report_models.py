"""The small networks of the reports: ONNX files made by NumPy alone, with samples for each.

Each function of MODELS writes a model and what `octet quantize` calibrates with, and gives what
`octet diff` is to be told besides. Last layers are fitted by least squares, so that figures mean
something.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MODELS = {}


def model(function):
    MODELS[function.__name__] = function
    return function


class Net:
    """An ONNX graph that is being written, a node at a time."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.constants, self.inputs = [], [], []

    def input(self, name, *shape):
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def add(self, kind, name, *inputs, **attributes):
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def weights(self, *shape):
        fan_in = int(np.prod(shape[1:]))
        values = self.random.standard_normal(shape) * np.sqrt(2 / fan_in)
        return values.astype(np.float32)

    def conv(self, name, source, inputs, outputs, size=3, stride=1, relu=True):
        weight = self.constant(name + ".weight", self.weights(outputs, inputs, size, size))
        bias = self.constant(
            name + ".bias", (0.1 * self.random.standard_normal(outputs)).astype(np.float32))
        made = self.add(
            "Conv", name, source, weight, bias, kernel_shape=[size, size],
            strides=[stride, stride], pads=[size // 2] * 4)
        return self.add("Relu", name + ".relu", made) if relu else made

    def dense(self, name, source, inputs, outputs, relu=True, weights=None, bias=None):
        if weights is None:
            weights = self.weights(outputs, inputs)
        if bias is None:
            bias = 0.1 * self.random.standard_normal(outputs)
        made = self.add(
            "Gemm", name, source, self.constant(name + ".weight", weights.astype(np.float32)),
            self.constant(name + ".bias", np.asarray(bias, np.float32)), transB=1)
        return self.add("Relu", name + ".relu", made) if relu else made

    def save(self, path, *outputs):
        graph = helper.make_graph(
            self.nodes, "net", self.inputs,
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
             for name, shape in outputs], self.constants)
        made = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(made)
        onnx.save(made, path)


def hidden(values, weights, bias):
    return np.maximum(values @ weights.T + bias, 0)


def fitted(features, targets):
    """Weights and bias of a last layer that comes nearest to targets."""
    system = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    found = np.linalg.lstsq(system, targets, rcond=1e-6)[0]
    return found[:-1].T.astype(np.float32), found[-1].astype(np.float32)


def pictures(random, count, size, channels):
    """Patches of one colour each, channels last, 0…1."""
    small = random.random((count, size // 4, size // 4, channels))
    return small.repeat(4, 1).repeat(4, 2).astype(np.float32)


def calibrate(folder, *samples):
    """The first samples, the inputs of each in order, as `octet quantize --raw-input` reads."""
    rows = [np.asarray(values[:200], "<f4").reshape(min(len(values), 200), -1)
            for values in samples]
    np.concatenate(rows, axis=1).tofile(folder / "calibration.raw")


@model
def regressor(folder):
    net = Net(1)
    x = net.random.standard_normal((2000, 8)).astype(np.float32)
    targets = np.sin(x[:, :1] * 2) + x[:, 1:2] * x[:, 2:3] + 0.1 * net.random.standard_normal(
        (2000, 1))
    first, bias = net.weights(96, 8), net.random.standard_normal(96).astype(np.float32)
    last, offset = fitted(hidden(x, first, bias), targets)
    name = net.dense("dense1", net.input("sensors", 1, 8), 8, 96, weights=first, bias=bias)
    net.dense("angle", name, 96, 1, relu=False, weights=last, bias=offset)
    net.save(folder / "model.onnx", ("angle", [1, 1]))
    calibrate(folder, x)
    # As people have them: 64 bits, and Fortran's order.
    np.save(folder / "samples.npy", np.asfortranarray(x.astype(np.float64)))
    np.save(folder / "targets.npy", targets.astype(np.float32))
    return ["--labels", folder / "targets.npy"]


@model
def two_inputs(folder):
    net = Net(2)
    images = pictures(net.random, 1000, 16, 1)
    facts = net.random.standard_normal((1000, 4)).astype(np.float32)
    left = net.conv("conv1", net.input("image", 1, 1, 16, 16), 1, 8, stride=2)
    left = net.add("Flatten", "flat", net.add("GlobalAveragePool", "mean", left))
    right = net.dense("facts1", net.input("facts", 1, 4), 4, 8)
    joined = net.add("Concat", "joined", left, right, axis=1)
    name = net.dense("classes", joined, 16, 4, relu=False)
    net.add("Softmax", "probabilities", name, axis=1)
    net.save(folder / "model.onnx", ("probabilities", [1, 4]))
    calibrate(folder, images, facts)
    np.savez_compressed(folder / "samples.npz", image=images, facts=facts.astype(">f4"))
    return []


@model
def detector_head(folder):
    net = Net(3)
    images = pictures(net.random, 300, 32, 3)
    name = net.conv("conv1", net.input("image", 1, 3, 32, 32), 3, 16, stride=2)
    name = net.conv("conv2", name, 16, 16, stride=2)
    net.conv("boxes", name, 16, 4, size=1, relu=False)
    net.add("Sigmoid", "scores", net.conv("classes", name, 16, 3, size=1, relu=False))
    net.save(folder / "model.onnx", ("scores", [1, 3, 8, 8]), ("boxes", [1, 4, 8, 8]))
    calibrate(folder, images)
    np.save(folder / "samples.npy", images)
    return ["--metric", "boxes=regression,scores=detection"]


@model
def autoencoder(folder):
    net = Net(4)
    basis = net.random.standard_normal((12, 64))
    x = net.random.standard_normal((1500, 12)) @ basis / 3
    labels = (np.arange(1500) % 5 == 0).astype(np.int64)
    x[labels == 1] += net.random.standard_normal((300, 64)) * 0.6
    x = x.astype(np.float32)
    first, bias = net.weights(48, 64), net.random.standard_normal(48).astype(np.float32)
    last, offset = fitted(hidden(x[labels == 0], first, bias), x[labels == 0])
    name = net.dense("encoder", net.input("features", 1, 64), 64, 48, weights=first, bias=bias)
    net.dense("decoder", name, 48, 64, relu=False, weights=last, bias=offset)
    net.save(folder / "model.onnx", ("decoder", [1, 64]))
    calibrate(folder, x)
    np.save(folder / "samples.npy", x)
    np.savetxt(folder / "labels.txt", labels, fmt="%d")
    return ["--labels", folder / "labels.txt"]


@model
def embedding(folder):
    net = Net(5)
    images = pictures(net.random, 600, 16, 3)
    name = net.conv("conv1", net.input("image", 1, 3, 16, 16), 3, 16, stride=2)
    name = net.conv("conv2", name, 16, 48, stride=2)
    net.add("Flatten", "vector", net.add("GlobalAveragePool", "mean", name))
    net.save(folder / "model.onnx", ("vector", [1, 48]))
    calibrate(folder, images)
    np.save(folder / "samples.npy", images)
    return []


@model
def picture(folder):
    net = Net(6)
    images = pictures(net.random, 120, 16, 3)
    name = net.conv("conv1", net.input("image", 1, 3, 16, 16), 3, 16)
    name = net.conv("conv2", name, 16, 8)
    net.add("Sigmoid", "out", net.conv("conv3", name, 8, 1, relu=False))
    net.save(folder / "model.onnx", ("out", [1, 1, 16, 16]))
    calibrate(folder, images)
    np.save(folder / "samples.npy", images)
    return []
