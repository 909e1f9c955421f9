"""Random TFLite models of one operator each, int8, float or uint8, with the outputs of TensorFlow
Lite for Microcontrollers: what Octet's import must reproduce byte for byte.

    python tflite_cases.py FOLDER [--count 5] [--seed 1] [--form float] [--octet OCTET]

writes NAME.tflite, NAME.input.bin and NAME.output.bin (a few samples, end to end) for each case;
`Tests/OctetTFLiteTests/Corpus/operators` is what it writes with --count 1 of `MoreCases`.
Where TFLM has no such operator, LiteRT's reference kernels say what comes out; where it has none
either, the float form of the model does, in LiteRT, whose results are then rounded. With --octet
all are compared, a line an operator: of int8 the bytes that differ and by how many steps at most,
of floats the largest error against the largest value. Exit status 1 when a byte of TFLM differs,
another by more than a step, or a float by more than a 100,000th. Of uint8 models, which TFLM does
not run, the operators that they have are tried. Needs numpy, ai-edge-litert and
tflite-micro, from PyPI.
"""

import argparse
import pathlib
import subprocess
import sys

import numpy as np
from tflite_builder import FORMS, OPERATORS, options
from tflite_more_cases import MoreCases
from tflite_references import reference
from tflite_weighted_cases import WeightedCases

SAMPLE_COUNT = 4
# In the names of files.
SUFFIXES = {"int8": "", "float": "_float", "uint8": "_uint8"}


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

    NAMES = [
        "relu", "relu6", "leaky_relu", "hard_swish", "logistic", "tanh", "softmax", "log_softmax",
        "prelu", "requantize",
        "add", "subtract", "multiply", "minimum", "maximum", "mean", "concatenation", "pad",
        "pad_v2", "transpose", "reshape", "squeeze", "expand_dims", "slice", "strided_slice",
        "split", "split_v", "resize_nearest", "resize_bilinear", "max_pool", "average_pool",
        "convolution", "depthwise", "transposed", "fully_connected", "batch_matmul",
        "computed_weights",
    ] + MoreCases.NAMES
    # Without a float form.
    INTEGER_ONLY = ["requantize"]
    # Operators that models of uint8 have.
    UNSIGNED = [
        "relu6", "logistic", "tanh", "softmax", "requantize", "add", "subtract", "multiply", "mean",
        "concatenation", "pad", "transpose", "reshape", "strided_slice", "split", "resize_nearest",
        "resize_bilinear", "max_pool", "average_pool", "convolution", "depthwise", "transposed",
        "fully_connected",
    ]


def compared(octet, path, expected, form):
    """Octet's outputs against the reference's: how many differ, and the largest difference."""
    is_float = form == "float"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    model, actual = path.with_suffix(".tflite"), path.with_suffix(".octet.bin")
    if not is_float:
        subprocess.run([octet, "import", model, "-o", path.with_suffix(".oct"), "-q"], **quiet)
        model = path.with_suffix(".oct")
    source = path.with_suffix(".input.bin")
    if form == "uint8":
        source = path.with_suffix(".signed.bin")
        (np.fromfile(path.with_suffix(".input.bin"), np.uint8) ^ np.uint8(128)).tofile(source)
        expected = expected ^ np.uint8(128)
        expected = expected.view(np.int8)
    subprocess.run([octet, "run", model, "--raw-input", source, "--raw-output", actual, "-q"],
                   **quiet)
    values = np.fromfile(actual, np.float32 if is_float else np.int8).astype(np.float64)
    if values.size != expected.size:
        raise ValueError(f"{values.size} values instead of {expected.size}")
    difference = np.abs(values - expected.astype(np.float64))
    difference[np.isnan(values) & np.isnan(expected)] = 0
    return int((difference > 0).sum()), float(difference.max()), float(np.abs(expected).max())


class Line:
    """What is printed of one operator."""

    def __init__(self, name):
        self.name, self.peer = name, "–"
        self.models = self.total = self.differing = 0
        self.largest = 0.0
        self.refusal = None

    def add(self, count, differing, largest):
        self.models += 1
        self.total += count
        self.differing += differing
        self.largest = max(self.largest, largest)

    def fails(self, is_float):
        if self.refusal:
            return True
        if is_float:
            # LiteRT rounds the activations of dynamic range to 8 bits as it goes.
            return self.largest > (1 / 127 if self.name == "dynamic_range" else 1e-5)
        if self.peer == "TFLM":
            return self.differing > 0
        # LiteRT resizes uint8 in floats, TFLM int8 in steps of 1/1024.
        return self.largest > (2 if self.name == "resize_bilinear" else 1)

    def __str__(self):
        text = (f"{self.name:<22} {self.peer:<14} {self.models:>6} {self.total:>8} "
                f"{self.differing:>8} {self.largest:>10.3g}")
        return text + (f"\n    {self.refusal[:300]}" if self.refusal else "")


def run(arguments, index, name):
    line = Line(name)
    for number in range(arguments.count):
        cases = Cases([arguments.seed, index, number], arguments.form)
        builder = getattr(cases, name)()
        path = arguments.folder / f"{name}{SUFFIXES[arguments.form]}_{number}"
        path.with_suffix(".tflite").write_bytes(builder.bytes())
        samples = [[cases.values(builder.tensors[tensor]) for tensor in builder.inputs]
                   for _ in range(SAMPLE_COUNT)]
        float_form = getattr(Cases([arguments.seed, index, number], "float"), name)
        line.peer, expected = reference(builder, float_form, samples)
        path.with_suffix(".input.bin").write_bytes(
            b"".join(value.tobytes() for sample in samples for value in sample))
        expected.tofile(path.with_suffix(".output.bin"))
        if not arguments.octet:
            line.add(expected.size, 0, 0)
            continue
        try:
            differing, difference, magnitude = compared(
                arguments.octet, path, expected, arguments.form)
            if arguments.form == "float":
                difference /= max(magnitude, 1e-3)
            line.add(expected.size, differing, difference)
        except subprocess.CalledProcessError as error:
            line.refusal = " ".join(error.stderr.split())
    return line


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=5, help="models an operator")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="these operators")
    parser.add_argument("--form", choices=FORMS, default="int8")
    parser.add_argument("--octet")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    failures = 0
    print(f"{'operator':<22} {'reference':<14} {'models':>6} {'values':>8} {'differ':>8} "
          f"{'at most':>10}")
    for index, name in enumerate(Cases.NAMES):
        if arguments.only and name not in arguments.only:
            continue
        if arguments.form == "float" and name in Cases.INTEGER_ONLY:
            continue
        if arguments.form == "uint8" and name not in Cases.UNSIGNED:
            continue
        line = run(arguments, index, name)
        print(line, flush=True)
        failures += bool(arguments.octet) and line.fails(arguments.form == "float")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
