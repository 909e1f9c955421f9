"""Random TFLite models of one operator each, int8, float or uint8, or with weights of int4, and
what they should compute.

Where TensorFlow Lite for Microcontrollers has no such operator, LiteRT's reference kernels say what
comes out; where it has none either, the float form of the model does, in LiteRT, whose results are
then rounded."""

import numpy as np

from corpus.tflite_builder import OPERATORS, options
from corpus.tflite_more_cases import MoreCases
from corpus.tflite_references import reference
from corpus.tflite_weighted_cases import WeightedCases

SAMPLE_COUNT = 4


class Cases(WeightedCases, MoreCases):
    # Activations

    def relu(self):
        return self.one(OPERATORS.RELU, output=self.own())

    def relu6(self):
        return self.one(OPERATORS.RELU6)

    def leaky_relu(self):
        alpha = float(self.random.choice([0.01, 0.1, 0.3, 1.5, -0.5]))
        return self.one(
            OPERATORS.LEAKY_RELU, output=self.own(),
            options=options("LeakyReluOptions", alpha=alpha))

    def hard_swish(self):
        return self.one(OPERATORS.HARD_SWISH, output=(self.scale(0.02, 0.1), self.zero()))

    def logistic(self):
        return self.one(OPERATORS.LOGISTIC, output=(1 / 256, -128))

    def tanh(self):
        return self.one(OPERATORS.TANH, output=(1 / 128, 0))

    def softmax(self):
        return self.one(
            OPERATORS.SOFTMAX, shape=[1, self.size(2, 20)], output=(1 / 256, -128),
            options=options("SoftmaxOptions", beta=float(self.random.choice([1.0, 0.5, 2.0]))))

    def log_softmax(self):
        return self.one(
            OPERATORS.LOG_SOFTMAX, shape=[1, self.size(2, 20)], output=(1 / 16, 127),
            options=options("LogSoftmaxOptions"))

    def prelu(self):
        b = self.builder()
        shape = self.image()
        slopes = self.random.integers(-128, 128, [1, 1, shape[3]]).astype(np.int8)
        x, y = b.tensor(shape, *self.own()), b.tensor(shape, *self.own())
        alpha = b.tensor([1, 1, shape[3]], self.scale(0.001, 0.01), 0, data=slopes)
        b.operator(OPERATORS.PRELU, [x, alpha], [y])
        b.inputs, b.outputs = [x], [y]
        return b

    def requantize(self):
        return self.one(OPERATORS.QUANTIZE, output=self.own())

    # Two inputs

    def binary(self, code, name=None, one_scale=False, constant=None):
        b = self.builder()
        shape = self.image()
        other = list(shape)
        for axis in range(1, 4):
            if self.random.random() < 0.3:
                other[axis] = 1
        if self.random.random() < 0.2:
            other = other[1:]
        quantizations = [self.own() for _ in range(3)]
        if one_scale:
            quantizations = [quantizations[0]] * 3
        is_constant = self.random.random() < 0.4 if constant is None else constant
        data = self.random.integers(-128, 128, other).astype(np.int8) if is_constant else None
        x = b.tensor(shape, *quantizations[0])
        y = b.tensor(other, *quantizations[1], data=data)
        z = b.tensor(shape, *quantizations[2])
        value, kind = (None, 0)
        if name:
            value, kind = options(
                name, fusedActivationFunction=int(self.random.choice([0, 0, 1, 3])))
        b.operator(code, [x, y], [z], value, kind)
        b.inputs, b.outputs = [x] if is_constant else [x, y], [z]
        return b

    def add(self):
        return self.binary(OPERATORS.ADD, "AddOptions")

    def subtract(self):
        return self.binary(OPERATORS.SUB, "SubOptions")

    def multiply(self):
        return self.binary(OPERATORS.MUL, "MulOptions")

    def minimum(self):
        return self.binary(OPERATORS.MINIMUM, one_scale=True)

    def maximum(self):
        return self.binary(OPERATORS.MAXIMUM, one_scale=True)

    # Means and movements

    def mean(self):
        shape = self.image()
        axes = [[1, 2], [2, 1], [1], [2], [3], [1, 3], [-1]][self.random.integers(0, 7)]
        keeps = bool(self.random.integers(0, 2))
        resolved = [axis % 4 for axis in axes]
        output = [1 if k in resolved else d for k, d in enumerate(shape)
                  if keeps or k not in resolved]
        return self.one(
            OPERATORS.MEAN, shape, self.own() if self.random.random() < 0.7 else None, output,
            lambda b: [b.integers(axes)], options=options("ReducerOptions", keepDims=keeps))

    def concatenation(self):
        b = self.builder()
        axis = int(self.random.integers(1, 4))
        shape = self.image()
        quantization = self.own()
        parts = []
        for _ in range(self.size(2, 5)):
            part = list(shape)
            part[axis] = self.size()
            parts.append(part)
        inputs = [b.tensor(part, *quantization) for part in parts]
        output = list(shape)
        output[axis] = sum(part[axis] for part in parts)
        y = b.tensor(output, *quantization)
        given = axis - 4 * int(self.random.integers(0, 2))
        value, kind = options("ConcatenationOptions", axis=given)
        b.operator(OPERATORS.CONCATENATION, inputs, [y], value, kind)
        b.inputs, b.outputs = inputs, [y]
        return b

    def pad(self):
        shape = self.image()
        amounts = [[0, 0]] + [[self.size(0, 4), self.size(0, 4)] for _ in range(3)]
        output = [d + sum(a) for d, a in zip(shape, amounts)]
        return self.one(
            OPERATORS.PAD, shape, None, output, lambda b: [b.integers(amounts)],
            options=options("PadOptions"))

    def pad_v2(self):
        b = self.builder()
        shape = self.image()
        amounts = [[0, 0]] + [[self.size(0, 4), self.size(0, 4)] for _ in range(3)]
        quantization = self.own()
        x = b.tensor(shape, *quantization)
        value = b.tensor([1], *quantization, data=np.array([self.zero()], np.int8))
        y = b.tensor([d + sum(a) for d, a in zip(shape, amounts)], *quantization)
        settings = options("PadV2Options")
        b.operator(OPERATORS.PADV2, [x, b.integers(amounts), value], [y], *settings)
        b.inputs, b.outputs = [x], [y]
        return b

    def transpose(self):
        shape = self.image()
        permutation = [int(k) for k in self.random.permutation(4)]
        return self.one(
            OPERATORS.TRANSPOSE, shape, None, [shape[k] for k in permutation],
            lambda b: [b.integers(permutation)], options=options("TransposeOptions"))

    def reshape(self):
        shape = self.image()
        output = [1, shape[1] * shape[3], shape[2]]
        return self.one(
            OPERATORS.RESHAPE, shape, None, output, lambda b: [b.integers(output)],
            options=options("ReshapeOptions", newShape=output))

    def squeeze(self):
        shape = [1, self.size(), 1, self.size()]
        return self.one(
            OPERATORS.SQUEEZE, shape, None, [1, shape[1], shape[3]],
            options=options("SqueezeOptions", squeezeDims=[2]))

    def expand_dims(self):
        shape = [1, self.size(), self.size()]
        return self.one(
            OPERATORS.EXPAND_DIMS, shape, None, [1, shape[1], 1, shape[2]],
            lambda b: [b.integers([2])], options=options("ExpandDimsOptions"))

    def slice(self):
        shape = self.image()
        begin = [0] + [int(self.random.integers(0, d)) for d in shape[1:]]
        size = [1] + [int(self.random.integers(1, d - s + 1)) for d, s in zip(shape[1:], begin[1:])]
        given = [-1 if b + s == d and self.random.random() < 0.5 else s
                 for b, s, d in zip(begin, size, shape)]
        return self.one(
            OPERATORS.SLICE, shape, None, size, lambda b: [b.integers(begin), b.integers(given)],
            options=options("SliceOptions"))

    def strided_slice(self):
        shape = self.image()
        begin, end, stride, output = [0], [1], [1], [1]
        for d in shape[1:]:
            step = int(self.random.choice([1, 1, 2, -1]))
            first, last = sorted(int(k) for k in self.random.integers(0, d, 2))
            if step > 0:
                begin.append(first)
                end.append(last + 1)
                output.append(len(range(first, last + 1, step)))
            else:
                begin.append(last)
                end.append(first - 1 - d if first == 0 else first - 1)
                output.append(len(range(last, first - 1, step)))
            stride.append(step)
        mask = {}
        if self.random.random() < 0.5:
            # The last axis becomes one element and goes.
            stride[3], end[3], output[3] = 1, begin[3] + 1, 1
            mask["shrinkAxisMask"] = 8
            output = output[:3]
        return self.one(
            OPERATORS.STRIDED_SLICE, shape, None, output,
            lambda b: [b.integers(begin), b.integers(end), b.integers(stride)],
            options=options("StridedSliceOptions", **mask))

    # The seed stays with its operator, so that another operator changes no models but its own.
    SEEDS = {
        "relu": 0, "relu6": 1, "leaky_relu": 2, "hard_swish": 3, "logistic": 4, "tanh": 5,
        "softmax": 6, "log_softmax": 7, "prelu": 8, "requantize": 9, "add": 10, "subtract": 11,
        "multiply": 12, "minimum": 13, "maximum": 14, "mean": 15, "concatenation": 16, "pad": 17,
        "pad_v2": 18, "transpose": 19, "reshape": 20, "squeeze": 21, "expand_dims": 22, "slice": 23,
        "strided_slice": 24, "split": 25, "split_v": 26, "resize_nearest": 27,
        "resize_bilinear": 28, "max_pool": 29, "average_pool": 30, "convolution": 31,
        "depthwise": 32, "transposed": 33, "fully_connected": 34, "batch_matmul": 35,
        "computed_weights": 36,
    } | MoreCases.SEEDS
    # Without a float form.
    INTEGER_ONLY = ["requantize"]
    # Operators with weights of int4.
    NARROW = ["convolution", "depthwise", "fully_connected"]
    # Operators that models of uint8 have.
    UNSIGNED = [
        "relu6", "logistic", "tanh", "softmax", "requantize", "add", "subtract", "multiply", "mean",
        "concatenation", "pad", "transpose", "reshape", "strided_slice", "split", "resize_nearest",
        "resize_bilinear", "max_pool", "average_pool", "convolution", "depthwise", "transposed",
        "fully_connected",
    ]


def case(name, form, number, seed=1):
    """The builder of an operator's model of that number, samples, who says what it computes, and
    that."""
    seeds = [seed, Cases.SEEDS[name], number]
    cases = Cases(seeds, form)
    builder = getattr(cases, name)()
    samples = [[cases.values(builder.tensors[tensor]) for tensor in builder.inputs]
               for _ in range(SAMPLE_COUNT)]
    return builder, samples, *reference(builder, getattr(Cases(seeds, "float"), name), samples)
