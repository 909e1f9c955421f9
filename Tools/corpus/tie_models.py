"""Models whose results lie next to a rounding boundary, of operators without weights."""

import numpy as np

from corpus.tflite_builder import OPERATORS, Builder, options
from corpus.tie_weights import CODES, WeightTies, quantized
from support.peers import micro, shaped


class NearTies(WeightTies):
    """One method for each operator; each gives a model and its samples (one row a sample)."""

    @classmethod
    def model(cls, name, number, seed=1, is_small=False):
        """The builder of an operator's model of that number, and its samples."""
        return getattr(cls([seed, number, *name.encode()], is_small), name)()

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

    def absolute(self):
        return self.codes(OPERATORS.ABS, None, lambda: self.related(2))

    def inverse_root(self):
        """Only of positive numbers: the zero point is the least code."""
        return self.codes(
            OPERATORS.RSQRT, None,
            lambda: (self.any_scale(0.001, 0.05), self.any_scale(0.02, 0.2)), -128)

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
        "relu", "relu6", "leaky_relu", "prelu", "hard_swish", "logistic", "tanh", "elu",
        "absolute", "inverse_root", "softmax",
        "log_softmax", "l2_normalization", "mean", "mean_same_scale", "sum", "average_pool",
        "resize_bilinear", "activation_bounds",
        "wrapping_convolution", "wrapping_pooled", "wrapping_depthwise", "wrapping_transposed",
        "wrapping_fully_connected", "wrapping_product", "wrapping_multiply",
    ]
    # Whose results' scale is prescribed, or passed on from the input.
    PRESCRIBED = ["logistic", "tanh", "softmax", "log_softmax", "l2_normalization"]
    KEPT = ["relu6", "mean_same_scale", "average_pool", "resize_bilinear", "activation_bounds"]
    KEPT += [name for name in NAMES if name.startswith("wrapping")]


def outputs(builder, samples):
    """What TFLM gives for samples, end to end."""
    shapes = [builder.tensors[tensor].shape for tensor in builder.inputs]
    return micro(builder.bytes(), shaped(samples, shapes))
