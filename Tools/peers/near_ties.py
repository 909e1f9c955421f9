"""int8 TFLite models made so that their results lie next to a rounding boundary: there the last bit of
a multiplier decides, which random models all but never show.

    python near_ties.py --octet .build/release/octet [--count 8] [--only NAME…] [--golden FOLDER]

runs each model in TensorFlow Lite for Microcontrollers and in Octet and prints, for each operator,
how many models, how many bytes were compared, how many of them are at the edge (TFLM itself gives
others when one scale changes by one unit in its last place), and how many differ. Exit status 1 when
one differs. --golden makes smaller models and leaves of each operator that where the most bytes differ
or are at the edge: NAME.tflite, NAME.input.bin, and TFLM's NAME.output.bin.

Operators with weights get biases that put the accumulator between two neighbouring multipliers.
Elsewhere the scales are in the ratio of small integers, so that many results are exact ties, and all
codes, or all pairs of codes, are tried. Needs numpy, ai-edge-litert (for the schema) and
tflite-micro, from PyPI.
"""

import argparse
import copy
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from tflite_builder import INT32, OPERATORS, Builder, options
from tflite_micro import runtime

CODES = np.arange(-128, 128, dtype=np.int8)


def quantized(real):
    """The multiplier in 2³⁰…2³¹ and the shift of a real factor."""
    fraction, exponent = math.frexp(real)
    return round(fraction * (1 << 31)), exponent


def requantized(values, multiplier, shift):
    """TFLM's two roundings, without overflow."""
    high = (values * (1 << max(shift, 0)) * multiplier + (1 << 30)) >> 31
    right = max(-shift, 0)
    remainder = high & ((1 << right) - 1)
    threshold = (((1 << right) - 1) >> 1) + (high < 0)
    return (high >> right) + (remainder > threshold)


def edges(real, limit, nudge):
    """Accumulators up to `limit` whose result changes with `nudge` units of the multiplier."""
    multiplier, shift = quantized(real)
    found = []
    for code in range(-140, 141):
        centre = round((code - 0.5) / real)
        if abs(centre) > limit:
            continue
        reach = abs(centre) * (abs(nudge) + 1) // (1 << 30) + 2 + int(2 / real / (1 << max(-shift, 1)))
        near = np.arange(centre - reach, centre + reach + 1, max(1, reach // 500)).astype(object)
        near = np.array([int(value) for value in near], dtype=object)
        here, there = (requantized(near, m, shift) for m in (multiplier, multiplier + nudge))
        found += [int(value) for value in near[here != there][:2] if abs(value) < limit]
    return found


class NearTies:
    """One method for each operator; each gives a model and its samples (one row a sample)."""

    def __init__(self, seed, is_small=False):
        self.random = np.random.default_rng(seed)
        self.is_small = is_small

    # Numbers

    def any_scale(self, low, high):
        return np.float32(np.exp(self.random.uniform(np.log(low), np.log(high))))

    def zero(self):
        return int(self.random.integers(-128, 128))

    def pick(self, *values):
        return values[self.random.integers(0, len(values))]

    def ratio(self, low=1, high=13):
        return int(self.random.integers(low, high)) / int(self.random.integers(low, high))

    def base(self):
        return self.pick(0.1, 1 / 3, 0.7, 0.013, 1 / 7, 0.3, 0.05, 1 / 255, 1 / 127)

    def related(self, count):
        """Scales in the ratio of small integers, each rounded to float32."""
        base = self.base() * self.pick(1, 0.1, 0.01)
        return [np.float32(base * self.ratio()) for _ in range(count)]

    # Operators with weights

    def weighted(self, name, per_channel, channels=48):
        """One input element, 1, whose weight is 0 or 1: the accumulator is the bias."""
        b = Builder()
        s, z = self.any_scale(0.001, 0.01), self.zero()
        count = channels if per_channel else 1
        scales = np.array([self.any_scale(0.0001, 0.001) for _ in range(count)], np.float32)
        # Accumulators fill 30 bits, so that a unit of the multiplier is a unit of theirs.
        out = np.float32(np.float64(s) * np.float64(scales.max()) * self.random.uniform(1, 2) * 2**22)
        biases = np.zeros(channels, np.int64)
        for channel in range(channels):
            weight = scales[channel % count]
            real = np.float64(s) * np.float64(weight) / np.float64(out)
            found = edges(real, (1 << 31) - (1 << 17), self.pick(1, -1, 9, -9, 30, -30))
            if found:
                biases[channel] = found[self.random.integers(0, len(found))]
        depth = 4
        hidden = self.random.integers(-1, 2, (channels, depth)).astype(np.int8)
        biases -= hidden.astype(np.int64) @ (np.array([1, -1, 2, 0]))
        bias = biases.astype(np.int32)
        sample = np.clip(np.array([1, -1, 2, 0]) + z, -128, 127).astype(np.int8)
        y_zero = self.zero()
        bias_scale = (scales * s).astype(np.float32)

        def parameters(weights, axis):
            return [b.tensor(weights.shape, scales, 0, data=weights, axis=axis),
                    b.tensor([channels], bias_scale, 0, kind=INT32, data=bias)]

        if name == "fully_connected":
            x, y = b.tensor([1, depth], s, z), b.tensor([1, channels], out, y_zero)
            b.operator(OPERATORS.FULLY_CONNECTED, [x, *parameters(hidden, 0)], [y],
                       *options("FullyConnectedOptions"), 4)
        elif name == "convolution":
            x, y = b.tensor([1, 1, 1, depth], s, z), b.tensor([1, 1, 1, channels], out, y_zero)
            b.operator(OPERATORS.CONV_2D,
                       [x, *parameters(hidden.reshape(channels, 1, 1, depth), 0)], [y],
                       *options("Conv2DOptions", strideH=1, strideW=1, padding=1), 3)
        elif name == "transposed":
            x, y = b.tensor([1, 1, 1, depth], s, z), b.tensor([1, 1, 1, channels], out, y_zero)
            w = parameters(hidden.reshape(channels, 1, 1, depth), 0)
            b.operator(OPERATORS.TRANSPOSE_CONV,
                       [b.integers([1, 1, 1, channels]), w[0], x, w[1]], [y],
                       *options("TransposeConvOptions", strideH=1, strideW=1, padding=1), 3)
        else:
            x = b.tensor([1, 1, depth, 1], s, z)
            y = b.tensor([1, 1, 1, channels], out, y_zero)
            w = parameters(np.ascontiguousarray(hidden.T).reshape(1, 1, depth, channels), 3)
            b.operator(OPERATORS.DEPTHWISE_CONV_2D, [x, *w], [y],
                       *options("DepthwiseConv2DOptions", strideH=1, strideW=1, padding=1,
                                depthMultiplier=channels), 3)
        b.inputs, b.outputs = [x], [y]
        return b, sample.reshape(1, -1)

    def convolution(self):
        return self.weighted("convolution", False)

    def convolution_channels(self):
        return self.weighted("convolution", True)

    def depthwise(self):
        return self.weighted("depthwise", False)

    def depthwise_channels(self):
        return self.weighted("depthwise", True)

    def transposed(self):
        return self.weighted("transposed", False)

    def transposed_channels(self):
        return self.weighted("transposed", True)

    def fully_connected(self):
        return self.weighted("fully_connected", False)

    def fully_connected_channels(self):
        return self.weighted("fully_connected", True)

    def wrapping(self, name, pools=False):
        """Factors above 1: sums so large that TFLM's shift to the left wraps around."""
        b = Builder()
        depth, channels = 8, 24
        s, z = self.any_scale(0.01, 0.1), self.zero()
        scales = np.array([self.any_scale(0.001, 0.01) for _ in range(channels)], np.float32)
        out = np.float32(
            np.float64(s) * np.float64(scales.min()) / 2.0 ** self.random.uniform(0, 12))
        magnitude = 2 ** self.random.uniform(4, 30.5, channels)
        bias = (magnitude * self.random.choice([-1, 1], channels)).astype(np.int32)
        hidden = self.random.integers(-127, 128, (channels, depth)).astype(np.int8)
        y_zero = self.zero()
        if name == "fully_connected":
            scales = scales[:1]
        c = b.tensor([channels], scales * s, 0, kind=INT32, data=bias)
        weights, shape, axis = {
            "fully_connected": (hidden, [1, channels], 0),
            "convolution": (hidden.reshape(channels, 1, depth, 1), [1, 2, 17, channels], 0),
            "transposed": (hidden.reshape(channels, 1, depth, 1), [1, 2, 31, channels], 0),
            "depthwise": (hidden.T.reshape(1, 1, depth, channels), [1, 2, 17, channels], 3)}[name]
        x = b.tensor([1, depth] if name == "fully_connected" else [1, 2, 24, 1], s, z)
        w = b.tensor(weights.shape, scales, 0, data=weights, axis=axis)
        y = b.tensor(shape, out, y_zero)
        if name == "fully_connected":
            b.operator(OPERATORS.FULLY_CONNECTED, [x, w, c], [y],
                       *options("FullyConnectedOptions"), 4)
        elif name == "transposed":
            b.operator(OPERATORS.TRANSPOSE_CONV, [b.integers(shape), w, x, c], [y],
                       *options("TransposeConvOptions", strideH=1, strideW=1, padding=1), 3)
        elif name == "convolution":
            b.operator(OPERATORS.CONV_2D, [x, w, c], [y],
                       *options("Conv2DOptions", strideH=1, strideW=1, padding=1), 3)
        else:
            b.operator(OPERATORS.DEPTHWISE_CONV_2D, [x, w, c], [y], *options(
                "DepthwiseConv2DOptions", strideH=1, strideW=1, padding=1,
                depthMultiplier=channels), 3)
        b.inputs, b.outputs = [x], [y]
        if pools:
            pooled = b.tensor([1, 1, depth, channels], out, y_zero)
            b.operator(OPERATORS.MAX_POOL_2D, [y], [pooled], *options(
                "Pool2DOptions", padding=1, strideH=2, strideW=2, filterHeight=2, filterWidth=2))
            b.outputs = [pooled]
        size = depth if name == "fully_connected" else 48
        return b, self.random.integers(-128, 128, (4, size)).astype(np.int8)

    def wrapping_convolution(self):
        return self.wrapping("convolution")

    def wrapping_pooled(self):
        return self.wrapping("convolution", True)

    def wrapping_depthwise(self):
        return self.wrapping("depthwise")

    def wrapping_transposed(self):
        return self.wrapping("transposed")

    def wrapping_fully_connected(self):
        return self.wrapping("fully_connected")

    def wrapping_product(self):
        b = Builder()
        s, t = self.any_scale(0.01, 0.1), self.any_scale(0.01, 0.1)
        x, w = b.tensor([1, 6, 40], s, self.zero()), b.tensor([1, 40, 6], t, self.zero())
        y = b.tensor([1, 6, 6], s * t / 2 ** self.random.uniform(0, 16), self.zero())
        b.operator(OPERATORS.BATCH_MATMUL, [x, w], [y], *options("BatchMatMulOptions"), 2)
        b.inputs, b.outputs = [x, w], [y]
        return b, self.random.integers(-128, 128, (8, 480)).astype(np.int8)

    def wrapping_multiply(self):
        a, c = self.any_scale(0.01, 0.1), self.any_scale(0.01, 0.1)
        return self.pairs(
            OPERATORS.MUL, "MulOptions", [a, c, a * c / 2 ** self.random.uniform(8, 28)], (0,))

    def product(self, operator):
        """Rows of a are 255, 1 and zeros; a column of b makes any accumulator of them."""
        depth, columns = 512, 64
        while True:
            s, t = self.any_scale(0.01, 0.1), self.any_scale(0.01, 0.1)
            out = np.float32(np.float64(s) * np.float64(t) * 255 * 255 * depth / 2
                             / 140 * self.random.uniform(0.8, 1.2))
            real = np.float64(s) * np.float64(t) / np.float64(out)
            nudge = self.pick(6, 15, 40)
            found = edges(real, 255 * 120 * depth, nudge) + edges(real, 255 * 120 * depth, -nudge)
            if found:
                break
        a = np.full(depth, 127, np.int64)
        a[-1] = -127  # Real 255, …, 255, 1 with a zero point of −128.
        b_codes = np.zeros((depth, columns), np.int64)
        for column in range(columns):
            target = found[column % len(found)]
            whole, rest = divmod(abs(target), 255)
            share = np.full(depth - 1, whole // (depth - 1))
            share[:whole % (depth - 1)] += 1
            values = np.append(share, 0)
            # 255 · Σ + rest, the rest split into the last place and one step more.
            if rest > 127:
                values[0] += 1
                rest -= 255
            values[-1] = rest
            b_codes[:, column] = values if target >= 0 else -values
        assert abs(b_codes).max() <= 127 and a.max() <= 127
        b = Builder()
        y_zero = self.pick(0, 0, 5)
        x = b.tensor([1, depth], s, -128)
        if operator == OPERATORS.BATCH_MATMUL:
            w, y = b.tensor([depth, columns], t, 0), b.tensor([1, columns], out, y_zero)
            b.operator(operator, [x, w], [y], *options("BatchMatMulOptions"), 2)
            sample = np.concatenate([a, b_codes.reshape(-1)])
        else:
            w, y = b.tensor([columns, depth], t, 0), b.tensor([1, columns], out, y_zero)
            b.operator(operator, [x, w, -1], [y], *options("FullyConnectedOptions"), 4)
            sample = np.concatenate([a, b_codes.T.reshape(-1)])
        b.inputs, b.outputs = [x, w], [y]
        return b, sample.astype(np.int8).reshape(1, -1)

    def batch_matmul(self):
        return self.product(OPERATORS.BATCH_MATMUL)

    def computed_weights(self):
        return self.product(OPERATORS.FULLY_CONNECTED)

    # Two inputs: all pairs of codes

    def pairs(self, operator, name, scales, activations=(0, 0, 1, 3)):
        b = Builder()
        rows = self.random.permutation(CODES)[:12] if self.is_small else CODES
        x = b.tensor([1, len(rows), 1, 1], scales[0], self.zero())
        w = b.tensor([1, 1, 256, 1], scales[1], self.zero())
        y = b.tensor([1, len(rows), 256, 1], scales[2], self.zero())
        activation = int(self.pick(*activations))
        fields = {"fusedActivationFunction": activation} if name else {}
        value, kind = options(name, **fields) if name else (None, 0)
        b.operator(operator, [x, w], [y], value, kind, 2)
        b.inputs, b.outputs = [x, w], [y]
        return b, np.concatenate([rows, CODES]).reshape(1, -1)

    def add(self):
        return self.pairs(OPERATORS.ADD, "AddOptions", self.related(3))

    def subtract(self):
        return self.pairs(OPERATORS.SUB, "SubOptions", self.related(3))

    def multiply(self):
        a, b = self.related(2)
        out = np.float32(np.float64(a) * np.float64(b) * self.ratio() * self.pick(16, 50, 128))
        return self.pairs(OPERATORS.MUL, "MulOptions", [a, b, out])

    def squared_difference(self):
        a, b = self.related(2)
        out = np.float32(max(a, b)**2 * self.ratio() * self.pick(16, 50, 128))
        return self.pairs(OPERATORS.SQUARED_DIFFERENCE, None, [a, b, out])

    # One input: all codes, some operators in one model

    def codes(self, operator, settings, scales, x_zero=None, y=None, copies=12, extra=None):
        b = Builder()
        copies = 4 if self.is_small else copies
        for _ in range(copies):
            a, c = scales()
            z = self.zero() if x_zero is None else x_zero
            source = b.tensor([1, 256], a, z)
            own, own_zero = (c, self.zero()) if y is None else y
            result = b.tensor([1, 256], own, own_zero)
            parameters = extra(b) if extra else []
            value, kind = settings() if settings else (None, 0)
            b.operator(operator, [source, *parameters], [result], value, kind)
            b.inputs.append(source)
            b.outputs.append(result)
        return b, np.tile(CODES, copies).reshape(1, -1)

    def requantize(self):
        return self.codes(OPERATORS.QUANTIZE, None, lambda: self.related(2))

    def relu(self):
        return self.codes(OPERATORS.RELU, None, lambda: self.related(2))

    def relu6(self):
        """TFLM clamps the input's codes and copies them, whatever the scale of the result."""
        def equal():
            scale = np.float32(6 / (int(self.random.integers(2, 120)) + self.pick(0, 0.5)))
            return scale, scale
        return self.codes(OPERATORS.RELU6, None, equal, 0, None)

    def leaky_relu(self):
        def settings():
            alpha = self.pick(0.1, 0.2, 0.3, 0.01, 1 / 3, -0.7, 1.5)
            return options("LeakyReluOptions", alpha=float(alpha))
        return self.codes(OPERATORS.LEAKY_RELU, settings, lambda: self.related(2))

    def prelu(self):
        def slopes(b):
            data = self.random.integers(-128, 128, [256]).astype(np.int8)
            return [b.tensor([256], self.related(1)[0], 0, data=data)]
        return self.codes(OPERATORS.PRELU, None, lambda: self.related(2), extra=slopes)

    def hard_swish(self):
        """Both multipliers are rounded to 16 bits: scales at the edge of that rounding."""
        def at_edge(real):
            below = quantized(real)[0] & 0xffff
            return abs(below - (1 << 15)) < 96

        def scales():
            while True:
                a, c = self.any_scale(0.01, 0.05), self.any_scale(0.01, 0.05)
                if at_edge(np.float64(a) / 128 / np.float64(c)) if self.random.random() < 0.7 \
                        else at_edge(np.float64(a) / 128 / (3 / 32768)):
                    if a / c < 128:
                        return a, c
        return self.codes(OPERATORS.HARD_SWISH, None, scales)

    def input_scales(self):
        return lambda: (np.float32(self.base() * self.ratio()), None)

    def logistic(self):
        return self.codes(OPERATORS.LOGISTIC, None, self.input_scales(), y=(1 / 256, -128))

    def tanh(self):
        return self.codes(OPERATORS.TANH, None, self.input_scales(), y=(1 / 128, 0))

    def elu(self):
        return self.codes(OPERATORS.ELU, None, lambda: self.related(2))

    def softmax(self):
        """Rows of few elements: so many sums, and so many results, that some are at an edge."""
        b = Builder()
        rows, samples = (512, 1) if self.is_small else (4096, 64)
        x = b.tensor([rows, 6], self.any_scale(0.01, 0.05), self.zero())
        y = b.tensor([rows, 6], 1 / 256, -128)
        beta = float(self.pick(1.0, 0.1, 0.3, 0.7, 1.9))
        b.operator(OPERATORS.SOFTMAX, [x], [y], *options("SoftmaxOptions", beta=beta))
        b.inputs, b.outputs = [x], [y]
        return b, self.random.integers(-128, 128, (samples, rows * 6)).astype(np.int8)

    def log_softmax(self):
        b = Builder()
        rows, samples = (512, 1) if self.is_small else (4096, 64)
        x = b.tensor([rows, 6], self.any_scale(0.01, 0.05), self.zero())
        y = b.tensor([rows, 6], 16 / 256, 127)
        b.operator(OPERATORS.LOG_SOFTMAX, [x], [y], *options("LogSoftmaxOptions"))
        b.inputs, b.outputs = [x], [y]
        return b, self.random.integers(-128, 128, (samples, rows * 6)).astype(np.int8)

    def l2_normalization(self):
        b = Builder()
        x = b.tensor([1, 64, 5], self.related(1)[0], self.zero())
        y = b.tensor([1, 64, 5], 1 / 128, 0)
        b.operator(OPERATORS.L2_NORMALIZATION, [x], [y], *options("L2NormOptions"))
        b.inputs, b.outputs = [x], [y]
        return b, self.random.integers(-128, 128, (32, 320)).astype(np.int8)

    # Sums

    def reduced(self, operator, related_output=True):
        b = Builder()
        extent = int(self.pick(2, 3, 4, 6, 7, 8))
        a, c = self.related(2)
        if operator == OPERATORS.SUM:
            c = np.float32(np.float64(a) * extent * extent * self.ratio(1, 7))
        elif not related_output:
            c = a
        z = self.zero()
        x = b.tensor([1, extent, extent, 64], a, z)
        y = b.tensor([1, 64], c, z if c == a else self.zero())
        b.operator(
            operator, [x, b.integers([1, 2])], [y], *options("ReducerOptions", keepDims=False))
        b.inputs, b.outputs = [x], [y]
        samples = 4 if self.is_small else 64
        low = self.random.integers(-128, 128, (samples, 1, 64))
        spread = self.random.integers(0, 4, (samples, extent * extent, 64))
        return b, np.clip(low + spread, -128, 127).astype(np.int8).reshape(samples, -1)

    def mean(self):
        return self.reduced(OPERATORS.MEAN)

    def mean_same_scale(self):
        return self.reduced(OPERATORS.MEAN, False)

    def sum(self):
        return self.reduced(OPERATORS.SUM)

    def average_pool(self):
        b = Builder()
        a, z = self.related(1)[0], self.zero()
        height, width = int(self.pick(2, 3, 4)), int(self.pick(2, 3, 5))
        x, y = b.tensor([1, 12, 12, 9], a, z), None
        y = b.tensor([1, 12, 12, 9], a, z)
        b.operator(OPERATORS.AVERAGE_POOL_2D, [x], [y], *options(
            "Pool2DOptions", padding=0, strideH=1, strideW=1, filterHeight=height,
            filterWidth=width, fusedActivationFunction=int(self.pick(0, 1, 3))))
        b.inputs, b.outputs = [x], [y]
        samples = 2 if self.is_small else 8
        return b, self.random.integers(-128, 128, (samples, 12 * 12 * 9)).astype(np.int8)

    def resize_bilinear(self):
        b = Builder()
        a, z = self.related(1)[0], self.zero()
        extent = [int(self.pick(2, 3, 4, 5)) for _ in range(2)]
        size = [int(self.pick(4, 8, 10, 7)) for _ in range(2)]
        corners, half = self.pick((False, False), (True, False), (False, True))
        x, y = b.tensor([1, *extent, 8], a, z), b.tensor([1, *size, 8], a, z)
        b.operator(OPERATORS.RESIZE_BILINEAR, [x, b.integers(size)], [y], *options(
            "ResizeBilinearOptions", alignCorners=corners, halfPixelCenters=half))
        b.inputs, b.outputs = [x], [y]
        samples = 4 if self.is_small else 16
        return b, self.random.integers(
            -128, 128, (samples, extent[0] * extent[1] * 8)).astype(np.int8)

    def activation_bounds(self):
        """Activations whose bound is half a step: 6 and 1 in steps of 2/(2k + 1)."""
        b = Builder()
        for _ in range(8):
            bound, activation = self.pick((6, 3), (1, 2))
            exact = np.float32(bound / (int(self.random.integers(2, 120)) + 0.5))
            scale = self.pick(
                exact, np.nextafter(exact, np.float32(1)), np.nextafter(exact, np.float32(0)))
            x, y = b.tensor([1, 256, 1, 1], scale, -10), b.tensor([1, 256, 1, 1], scale, -10)
            b.operator(OPERATORS.MAX_POOL_2D, [x], [y], *options(
                "Pool2DOptions", padding=1, strideH=1, strideW=1, filterHeight=1, filterWidth=1,
                fusedActivationFunction=activation))
            b.inputs.append(x)
            b.outputs.append(y)
        return b, np.tile(CODES, 8).reshape(1, -1)

    NAMES = [
        "convolution", "convolution_channels", "depthwise", "depthwise_channels", "transposed",
        "transposed_channels", "fully_connected", "fully_connected_channels", "batch_matmul",
        "computed_weights", "add", "subtract", "multiply", "squared_difference", "requantize",
        "relu", "relu6", "leaky_relu", "prelu", "hard_swish", "logistic", "tanh", "elu", "softmax",
        "log_softmax", "l2_normalization", "mean", "mean_same_scale", "sum", "average_pool",
        "resize_bilinear", "activation_bounds",
        "wrapping_convolution", "wrapping_pooled", "wrapping_depthwise", "wrapping_transposed",
        "wrapping_fully_connected", "wrapping_product", "wrapping_multiply",
    ]
    # Whose results' scale is prescribed, or passed on from the input.
    PRESCRIBED = ["logistic", "tanh", "softmax", "log_softmax", "l2_normalization"]
    KEPT = ["relu6", "mean_same_scale", "average_pool", "resize_bilinear", "activation_bounds"]
    KEPT += [name for name in NAMES if name.startswith("wrapping")]


def micro(model, builder, samples):
    """TFLM's outputs, end to end."""
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=1 << 22)
    result = []
    for sample in samples:
        start = 0
        for index, tensor in enumerate(builder.inputs):
            shape = builder.tensors[tensor].shape
            count = int(np.prod(shape))
            interpreter.set_input(sample[start:start + count].reshape(shape), index)
            start += count
        interpreter.invoke()
        result += [interpreter.get_output(index).reshape(-1)
                   for index in range(len(builder.outputs))]
    return np.concatenate(result)


def octet(tool, model, samples, folder):
    (folder / "m.tflite").write_bytes(model)
    samples.tofile(folder / "in")
    run = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    subprocess.run([tool, "import", str(folder / "m.tflite"), "-o", str(folder / "m.oct"), "-q"], **run)
    subprocess.run([tool, "run", str(folder / "m.oct"), "--raw-input", str(folder / "in"),
                    "--raw-output", str(folder / "out"), "-q"], **run)
    return np.fromfile(folder / "out", np.int8)


def nudged(builder, at_input):
    """The model with each result's scale, or input's, one unit in the last place larger."""
    other = copy.deepcopy(builder)
    for index in set(other.inputs if at_input else other.outputs):
        quantization = other.tensors[index].quantization
        quantization.scale = np.nextafter(quantization.scale, np.float32(np.inf))
    return other


class Row:
    """What is counted for one operator."""

    def __init__(self, arguments, name):
        self.arguments, self.name = arguments, name
        self.total = self.edge = self.differing = 0
        self.refusal, self.best = None, (-1, -1)
        for number in range(arguments.count):
            self.compare(NearTies([arguments.seed, number, *name.encode()], bool(arguments.golden)))

    def compare(self, make):
        builder, samples = getattr(make, self.name)()
        model = builder.bytes()
        try:
            expected = micro(model, builder, samples)
        except Exception as error:  # TFLM refuses by whatever type.
            self.refusal = "TFLM refuses: " + " ".join(str(error).split())
            return
        edge = 0
        if self.name not in NearTies.KEPT:
            other = nudged(builder, self.name in NearTies.PRESCRIBED)
            edge = int((micro(other.bytes(), other, samples) != expected).sum())
        self.edge += edge
        self.total += expected.size
        differing = 0
        with tempfile.TemporaryDirectory() as folder:
            try:
                actual = octet(self.arguments.octet, model, samples, pathlib.Path(folder))
                differing = int((actual != expected).sum())
                self.differing += differing
            except subprocess.CalledProcessError as error:
                self.refusal = "Octet refuses: " + " ".join(error.stderr.split())
        if self.arguments.golden and (differing, edge) > self.best:
            self.best = differing, edge
            self.write(model, samples, expected)

    def write(self, model, samples, expected):
        self.arguments.golden.mkdir(parents=True, exist_ok=True)
        base = self.arguments.golden / self.name
        base.with_suffix(".tflite").write_bytes(model)
        samples.tofile(base.with_suffix(".input.bin"))
        expected.tofile(base.with_suffix(".output.bin"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--octet", required=True)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--golden", type=pathlib.Path)
    arguments = parser.parse_args()
    failures = 0
    print(f"{'operator':<26} {'models':>6} {'bytes':>9} {'at the edge':>11} {'differ':>7}")
    for name in arguments.only or NearTies.NAMES:
        row = Row(arguments, name)
        edge = "–" if name in NearTies.KEPT else row.edge
        print(f"{name:<26} {arguments.count:>6} {row.total:>9} {edge:>11} {row.differing:>7}",
              flush=True)
        if row.refusal:
            print("    " + row.refusal[:300])
        failures += row.differing > 0 or row.refusal is not None
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
