"""The rungs of `octet quantize` beside their published definitions, written in NumPy.

    Tools/crosscheck recipe [--data FOLDER] [--images 256]

LeNet of PyTorch on MNIST images. Of the files that Octet writes (as TFLite) these are compared:
the thresholds of `--calibrator kl` with TensorRT's entropy calibration (Migacz 2017), the scales
of weights under `--equalize cross-layer` with equation 11 of Nagel 2019 iterated to its end, the
biases of `--bias-correction data` with E[Wx] - E[W'x'] (Nagel 2019, 4.2), and the squared error of
each layer's output on quantized inputs under `--rounding adaround` with AdaRound's own
optimisation (Nagel 2020: rectified sigmoid, regulariser, Adam). Exit status 1 where the first three
differ, or the last is worse.
"""

import pathlib
import tempfile

import numpy as np
import onnx
import torch
from ai_edge_litert.interpreter import Interpreter
from onnx import numpy_helper
from torch.nn import functional as F

from support import files
from support.octet import add_data, add_octet

LAYERS = ["c1", "c2", "f1", "f2", "f3"]
PLAIN = {
    "--calibrator": "min-max",
    "--equalize": "none",
    "--bias-correction": "none",
    "--rounding": "nearest",
}


def entropy_threshold(values):
    """TensorRT's, of magnitudes in 2,048 bins and 128 levels."""
    reach = np.abs(values).max()
    bins = np.minimum(np.abs(values) / reach * 2048, 2047).astype(int)
    counts = np.bincount(bins.ravel(), minlength=2048).astype(np.float64)
    best = (np.inf, 2048)
    for size in range(128, 2048):
        p = counts[:size].copy()
        p[-1] += counts[size:].sum()
        q, width = np.zeros(size), size // 128
        for level in range(128):
            end = size if level == 127 else (level + 1) * width
            part = counts[level * width:end]
            if part.any():
                q[level * width:end] = np.where(part > 0, part.sum() / (part > 0).sum(), 0)
        seen = p > 0
        if (q[seen] == 0).any():
            continue
        p, q = p / p.sum(), q / q.sum()
        divergence = (p[seen] * np.log(p[seen] / q[seen])).sum()
        if divergence < best[0] - 1e-12:
            best = (divergence, size)
    return reach if np.isinf(best[0]) else min(reach, (best[1] + 0.5) / 2048 * reach)


class Float:
    """LeNet's tensors: weights as rows of patches, inputs of layers as patches."""

    def __init__(self, path):
        constants = {c.name: numpy_helper.to_array(c) for c in onnx.load(path).graph.initializer}
        self.weights = [constants[f"{name}.weight"].copy() for name in LAYERS]
        self.biases = [constants[f"{name}.bias"].copy() for name in LAYERS]

    def run(self, images, weights=None, biases=None, grids=None):
        """The input of each layer; on grids where those are given."""
        def round_to(x, index):
            if grids is None:
                return x
            scale, zero = grids[index]
            codes = torch.clamp(torch.round(x / scale) + zero, -128, 127)
            return (codes - zero) * scale
        weights, biases = weights or self.weights, biases or self.biases
        x, inputs = round_to(torch.from_numpy(images), 0), []
        for index, (w, b) in enumerate(zip(weights, biases)):
            if index == 2:
                x = x.flatten(1)
            inputs.append(x)
            w, b = torch.from_numpy(np.asarray(w)), torch.from_numpy(np.asarray(b))
            x = F.conv2d(x, w, b, padding=self.padding(index)) if w.ndim == 4 else F.linear(x, w, b)
            x = F.relu(x) if index < 4 else x
            x = round_to(x, index + 1)
            x = F.max_pool2d(x, 2) if w.ndim == 4 else x
        return inputs

    def padding(self, index):
        return 2 if index == 0 else 0

    def patches(self, x, index):
        """[patches, size], in the order of the weights' rows."""
        w = self.weights[index]
        if w.ndim == 2:
            return x.numpy().astype(np.float64)
        columns = F.unfold(x, w.shape[2:], padding=self.padding(index))
        return columns.permute(0, 2, 1).reshape(-1, columns.shape[1]).numpy().astype(np.float64)


class Int8:
    """What Octet made of it: dequantized weights and biases, and grids of activations."""

    def __init__(self, octet, model, images, option, value):
        options = [word for pair in {**PLAIN, option: value}.items() for word in pair]
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            images.astype("<f4").tofile(folder / "in.raw")
            report = octet.json("quantize", model, "--raw-input", folder / "in.raw", "-o",
                                folder / "m.oct", "--full-scores", *options)
            octet("export", folder / "m.oct", "--to", "tflite", "-o", folder / "m.tflite")
            peer = Interpreter(str(folder / "m.tflite"))
            peer.allocate_tensors()
            first = peer.get_input_details()[0]["quantization"]
            self.grids = [first] + [
                (layer["outputScale"], layer["outputZeroPoint"]) for layer in report["layers"]]
            self.ranges = [layer["outputRange"] for layer in report["layers"]]
            self.weights, self.biases, self.scales = [], [], []
            constants = [t for t in peer.get_tensor_details()
                         if t["dtype"] in (np.int8, np.int32)
                         and len(t["quantization_parameters"]["scales"]) > 1]
            shapes = [(6, 5, 5, 1), (16, 5, 5, 6), (120, 400), (84, 120), (10, 84)]
            for shape in shapes:
                w = next(t for t in constants if tuple(t["shape"]) == shape)
                b = next(t for t in constants if tuple(t["shape"]) == shape[:1])
                scales = w["quantization_parameters"]["scales"]
                codes = peer.get_tensor(w["index"]).astype(np.float64)
                real = codes * scales.reshape(-1, *[1] * (len(shape) - 1))
                if len(shape) == 4:
                    real = real.transpose(0, 3, 1, 2)
                if shape == (120, 400):
                    real = real.reshape(120, 5, 5, 16).transpose(0, 3, 1, 2).reshape(120, 400)
                self.weights.append(real.astype(np.float32))
                self.scales.append(scales)
                self.biases.append(
                    (peer.get_tensor(b["index"]) * b["quantization_parameters"]["scales"])
                    .astype(np.float32))


def equalized(weights):
    """The largest weight of each output channel after equation 11, pair after pair, to its end."""
    weights = [w.astype(np.float64) for w in weights]
    for _ in range(200):
        for first, second in zip(range(4), range(1, 5)):
            a, b = weights[first], weights[second]
            channels = a.shape[0]
            view = b.reshape(b.shape[0], channels, -1)
            r1 = np.abs(a.reshape(channels, -1)).max(1)
            r2 = np.abs(view).max((0, 2))
            s = np.sqrt(r1 / r2)
            weights[first] = a / s.reshape(-1, *[1] * (a.ndim - 1))
            weights[second] = (view * s[None, :, None]).reshape(b.shape)
    return [np.abs(w.reshape(len(w), -1)).max(1) for w in weights]


def adaround(w, scale, h, g, bias_row, steps=2000):
    """AdaRound on sums of products, h = Σx'x'ᵀ and g = Σxx'ᵀ (ones last), the bias free."""
    torch.manual_seed(1)
    real = torch.from_numpy(np.concatenate([w, bias_row[:, None]], 1))
    s, h, g = torch.from_numpy(scale)[:, None], torch.from_numpy(h), torch.from_numpy(g)
    low = torch.floor(real[:, :-1] / s)
    rest = real[:, :-1] / s - low
    v = (-torch.log(1.2 / (rest + 0.1) - 1)).requires_grad_()
    offset = real[:, -1:].clone().requires_grad_()
    optimizer = torch.optim.Adam([v, offset], lr=1e-2)
    norm = h.diagonal().mean()

    def loss(rounded):
        full = torch.cat([rounded, offset], 1)
        return ((full @ h) * full).sum() - 2 * ((real @ g) * full).sum()
    for step in range(steps):
        gate = torch.clamp(torch.sigmoid(v) * 1.2 - 0.1, 0, 1)
        share = step / steps
        total = loss(torch.clamp(low + gate, -127, 127) * s) / norm
        if share > 0.2:
            beta = 20 + (2 - 20) * (share - 0.2) / 0.8
            total = total + 0.01 * (1 - (2 * gate - 1).abs() ** beta).sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    codes = torch.clamp(low + (v > 0), -127, 127) * s
    # The best bias for these codes.
    best = ((real @ g)[:, -1:] - codes @ h[:-1, -1:]) / h[-1, -1]
    offset.data = best
    return loss(codes).item()


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)
    parser.add_argument("--images", type=int, default=256)


def main(arguments):
    octet, sound = arguments.octet, True
    path = arguments.data / "models/lenet/lenet_mnist_pytorch.onnx"
    images, _ = files.pictures(arguments.data / "mnist", "train")
    images = images[:arguments.images, None].astype(np.float32) / 255
    lenet = Float(path)
    inputs = lenet.run(images)

    def check(what, worst, limit):
        nonlocal sound
        print(f"{what}: apart by {worst:.2e} at most")
        sound &= bool(worst <= limit)

    entropy = Int8(octet, path, images, "--calibrator", "kl")
    # What a layer gives, before its pool: the next layer's input holds the same maxima.
    outputs = [F.relu(F.conv2d(inputs[i], torch.from_numpy(lenet.weights[i]),
                               torch.from_numpy(lenet.biases[i]), padding=lenet.padding(i)))
               for i in (0, 1)] + [inputs[3], inputs[4]]
    wanted = [entropy_threshold(x.numpy()) for x in outputs]
    check("KL thresholds", max(abs(r[1] / t - 1) for r, t in zip(entropy.ranges, wanted)), 2e-3)

    crossed = Int8(octet, path, images, "--equalize", "cross-layer")
    wanted = equalized(lenet.weights)
    check("scales under cross-layer equalization",
          max(np.abs(s * 127 / r - 1).max() for s, r in zip(crossed.scales, wanted)), 1e-3)

    corrected = Int8(octet, path, images, "--bias-correction", "data")
    quantized = lenet.run(images, corrected.weights, corrected.biases, corrected.grids)
    worst = 0
    for index, (x, y) in enumerate(zip(inputs, quantized)):
        rows = [w.reshape(len(w), -1).astype(np.float64)
                for w in (lenet.weights[index], corrected.weights[index])]
        wanted = (lenet.biases[index] + rows[0] @ lenet.patches(x, index).mean(0)
                  - rows[1] @ lenet.patches(y, index).mean(0))
        step = corrected.grids[index + 1][0]
        worst = max(worst, np.abs(corrected.biases[index] - wanted).max() / step)
    check("corrected biases, in steps of the output", worst, 0.02)

    rounded = Int8(octet, path, images, "--rounding", "adaround")
    quantized = lenet.run(images, rounded.weights, rounded.biases, rounded.grids)
    for index, (x, y) in enumerate(zip(inputs, quantized)):
        x, y = lenet.patches(x, index), lenet.patches(y, index)
        if len(x) > 100_000:
            x, y = x[::len(x) // 50_000], y[::len(y) // 50_000]
        x, y = (np.concatenate([p, np.ones((len(p), 1))], 1) for p in (x, y))
        w = lenet.weights[index].reshape(len(lenet.weights[index]), -1).astype(np.float64)
        b = lenet.biases[index].astype(np.float64)
        real = np.concatenate([w, b[:, None]], 1)
        own = np.concatenate([rounded.weights[index].reshape(len(w), -1),
                              rounded.biases[index][:, None]], 1)
        constant = ((x @ real.T) ** 2).sum()
        h, g = y.T @ y, x.T @ y
        ours = ((x @ real.T - y @ own.T) ** 2).sum()
        theirs = adaround(w, rounded.scales[index].astype(np.float64), h, g, b) + constant
        signal = ((x @ real.T - (x @ real.T).mean(0)) ** 2).sum()
        print(f"{LAYERS[index]}: squared error of the output, AdaRound {theirs / signal:.3e} "
              f"of its variation, Octet {ours / signal:.3e}")
        sound &= bool(ours <= theirs * 1.001)
    return sound
