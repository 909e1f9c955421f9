"""Random int8 TFLite models of one operator each, with the outputs of TensorFlow Lite for
Microcontrollers: what Octet's import must reproduce byte for byte.

    python tflite_cases.py FOLDER [--count 5] [--seed 1]

writes NAME.tflite, NAME.input.bin and NAME.output.bin (a few samples, end to end) for each case.
Needs numpy, ai-edge-litert (for the schema) and tflite-micro, from PyPI.
"""

import argparse
import pathlib

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from tflite_micro import runtime

OPERATORS = schema.BuiltinOperator
OPTIONS = schema.BuiltinOptions
SAMPLE_COUNT = 4
INT8, INT32, FLOAT32 = 9, 2, 0


class Builder:
    """A model of a few operators."""

    def __init__(self):
        self.buffers = [schema.BufferT()]
        self.tensors, self.operators, self.codes = [], [], []
        self.inputs, self.outputs = [], []

    def tensor(self, shape, scale=None, zero=0, kind=INT8, data=None, axis=0):
        tensor = schema.TensorT()
        tensor.name = f"t{len(self.tensors)}"
        tensor.shape = list(shape)
        tensor.type = kind
        tensor.buffer = 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        if scale is not None:
            scales = np.atleast_1d(scale).astype(np.float32)
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = scales
            tensor.quantization.zeroPoint = np.full(len(scales), zero, np.int64)
            tensor.quantization.quantizedDimension = axis
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def integers(self, values):
        values = np.asarray(values, np.int32)
        return self.tensor(values.shape, kind=INT32, data=values)

    def operator(self, code, inputs, outputs, options=None, options_type=0, version=1):
        entry = schema.OperatorCodeT()
        entry.builtinCode = code
        entry.deprecatedBuiltinCode = min(code, 127)
        entry.version = version
        node = schema.OperatorT()
        node.opcodeIndex = len(self.codes)
        node.inputs, node.outputs = list(inputs), list(outputs)
        node.builtinOptionsType = options_type
        node.builtinOptions = options
        self.codes.append(entry)
        self.operators.append(node)

    def bytes(self):
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = self.inputs, self.outputs
        model = schema.ModelT()
        model.version = 3
        model.operatorCodes, model.subgraphs, model.buffers = self.codes, [graph], self.buffers
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


def options(name, **fields):
    value = getattr(schema, name + "T")()
    for key, field in fields.items():
        setattr(value, key, field)
    return value, getattr(OPTIONS, name)


class Cases:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def scale(self, low=0.002, high=0.1):
        return np.float32(np.exp(self.random.uniform(np.log(low), np.log(high))))

    def zero(self):
        return int(self.random.integers(-128, 128))

    def size(self, low=1, high=8):
        return int(self.random.integers(low, high))

    def image(self):
        return [1, self.size(3, 9), self.size(3, 9), self.size()]

    def one(self, code, shape=None, output=None, output_shape=None, extra=None, **settings):
        """One input, one output, and parameter tensors that `extra` makes."""
        b = Builder()
        shape = shape or self.image()
        s, z = self.scale(), self.zero()
        x = b.tensor(shape, s, z)
        parameters = extra(b) if extra else []
        s2, z2 = output or (s, z)
        y = b.tensor(output_shape or shape, s2, z2)
        value, kind = settings.get("options", (None, 0))
        b.operator(code, [x] + parameters, [y], value, kind, settings.get("version", 1))
        b.inputs, b.outputs = [x], [y]
        return b

    def own(self):
        return self.scale(), self.zero()

    # Activations

    def relu(self):
        return self.one(OPERATORS.RELU, output=self.own())

    def relu6(self):
        return self.one(OPERATORS.RELU6)

    def leaky_relu(self):
        alpha = float(self.random.choice([0.01, 0.1, 0.3, 1.5, -0.5]))
        return self.one(
            OPERATORS.LEAKY_RELU, output=self.own(), options=options("LeakyReluOptions", alpha=alpha))

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

    def requantize(self):
        return self.one(OPERATORS.QUANTIZE, output=self.own())

    # Two inputs

    def binary(self, code, name=None, one_scale=False, constant=None):
        b = Builder()
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
        b = Builder()
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
        value, kind = options("ConcatenationOptions", axis=axis - 4 * int(self.random.integers(0, 2)))
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
        b = Builder()
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

    def split(self):
        b = Builder()
        axis = int(self.random.integers(1, 4))
        count = self.size(2, 4)
        shape = self.image()
        shape[axis] = count * self.size(1, 4)
        quantization = self.own()
        x = b.tensor(shape, *quantization)
        part = list(shape)
        part[axis] //= count
        outputs = [b.tensor(part, *quantization) for _ in range(count)]
        value, kind = options("SplitOptions", numSplits=count)
        b.operator(
            OPERATORS.SPLIT, [b.tensor([], kind=INT32, data=np.int32(axis)), x], outputs, value, kind)
        b.inputs, b.outputs = [x], outputs
        return b

    def split_v(self):
        b = Builder()
        axis = int(self.random.integers(1, 4))
        shape = self.image()
        counts = [self.size(1, 4) for _ in range(self.size(2, 4))]
        shape[axis] = sum(counts)
        quantization = self.own()
        x = b.tensor(shape, *quantization)
        outputs = []
        for count in counts:
            part = list(shape)
            part[axis] = count
            outputs.append(b.tensor(part, *quantization))
        value, kind = options("SplitVOptions", numSplits=len(counts))
        b.operator(
            OPERATORS.SPLIT_V, [x, b.integers(counts), b.tensor([], kind=INT32, data=np.int32(axis))],
            outputs, value, kind)
        b.inputs, b.outputs = [x], outputs
        return b

    def resize(self, code, name):
        shape = self.image()
        size = [self.size(1, 20), self.size(1, 20)]
        corners, half = [(False, False), (True, False), (False, True)][self.random.integers(0, 3)]
        return self.one(
            code, shape, None, [1, *size, shape[3]], lambda b: [b.integers(size)],
            options=options(name, alignCorners=corners, halfPixelCenters=half))

    def resize_nearest(self):
        return self.resize(OPERATORS.RESIZE_NEAREST_NEIGHBOR, "ResizeNearestNeighborOptions")

    def resize_bilinear(self):
        return self.resize(OPERATORS.RESIZE_BILINEAR, "ResizeBilinearOptions")

    # Windows and weights

    def pool(self, code):
        shape = self.image()
        kernel = [self.size(1, min(5, shape[1] + 1)), self.size(1, min(5, shape[2] + 1))]
        stride = [self.size(1, 4), self.size(1, 4)]
        padding = int(self.random.integers(0, 2))
        output = [1] + [
            -(-shape[1 + k] // stride[k]) if padding == 0
            else (shape[1 + k] - kernel[k]) // stride[k] + 1 for k in range(2)] + [shape[3]]
        return self.one(
            code, shape, None, output, options=options(
                "Pool2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
                filterHeight=kernel[0], filterWidth=kernel[1],
                fusedActivationFunction=int(self.random.choice([0, 1, 3]))))

    def max_pool(self):
        return self.pool(OPERATORS.MAX_POOL_2D)

    def average_pool(self):
        return self.pool(OPERATORS.AVERAGE_POOL_2D)

    def weights(self, b, shape, axis, input_scale, channels, per_channel=True):
        """int8 weights and, mostly, an int32 bias."""
        count = channels if per_channel else 1
        scales = np.array([self.scale(0.001, 0.02) for _ in range(count)], np.float32)
        data = self.random.integers(-127, 128, shape).astype(np.int8)
        result = [b.tensor(shape, scales, 0, data=data, axis=axis)]
        bias = self.random.integers(-5000, 5000, channels).astype(np.int32)
        result.append(b.tensor([channels], scales * input_scale, 0, kind=INT32, data=bias))
        return result

    def convolution(self):
        b = Builder()
        groups = self.size(1, 4)
        shape = [1, self.size(5, 11), self.size(5, 11), groups * self.size(1, 4)]
        channels = groups * self.size(1, 5)
        kernel, stride = [self.size(1, 4), self.size(1, 4)], [self.size(1, 4), self.size(1, 4)]
        dilation = [self.size(1, 3), self.size(1, 3)]
        padding = int(self.random.integers(0, 2))
        output = [1] + [self.extent(shape[1 + k], kernel[k], stride[k], dilation[k], padding)
                        for k in range(2)] + [channels]
        s, z = self.own()
        x = b.tensor(shape, s, z)
        w = self.weights(b, [channels, *kernel, shape[3] // groups], 0, s, channels,
                         self.random.random() < 0.8)
        y = b.tensor(output, *self.own())
        value, kind = options(
            "Conv2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
            dilationHFactor=dilation[0], dilationWFactor=dilation[1],
            fusedActivationFunction=int(self.random.choice([0, 1, 3])))
        b.operator(OPERATORS.CONV_2D, [x, *w], [y], value, kind)
        b.inputs, b.outputs = [x], [y]
        return b

    def depthwise(self):
        b = Builder()
        multiplier = self.size(1, 4)
        shape = [1, self.size(5, 11), self.size(5, 11), self.size(1, 6)]
        channels = shape[3] * multiplier
        kernel, stride = [self.size(1, 4), self.size(1, 4)], [self.size(1, 4)] * 2
        dilation = [self.size(1, 3)] * 2
        padding = int(self.random.integers(0, 2))
        output = [1] + [self.extent(shape[1 + k], kernel[k], stride[k], dilation[k], padding)
                        for k in range(2)] + [channels]
        s, z = self.own()
        x = b.tensor(shape, s, z)
        w = self.weights(b, [1, *kernel, channels], 3, s, channels)
        y = b.tensor(output, *self.own())
        value, kind = options(
            "DepthwiseConv2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
            depthMultiplier=multiplier, dilationHFactor=dilation[0], dilationWFactor=dilation[1],
            fusedActivationFunction=int(self.random.choice([0, 1, 3])))
        b.operator(OPERATORS.DEPTHWISE_CONV_2D, [x, *w], [y], value, kind)
        b.inputs, b.outputs = [x], [y]
        return b

    @staticmethod
    def extent(size, kernel, stride, dilation, padding):
        if padding == 0:
            return -(-size // stride)
        return (size - (kernel - 1) * dilation - 1) // stride + 1

    def transposed(self):
        b = Builder()
        shape = [1, self.size(2, 6), self.size(2, 6), self.size(1, 5)]
        channels = self.size(1, 5)
        kernel, stride = [self.size(1, 5), self.size(1, 5)], [self.size(1, 4), self.size(1, 4)]
        padding = int(self.random.integers(0, 2))
        output = [1] + [
            shape[1 + k] * stride[k] if padding == 0
            else (shape[1 + k] - 1) * stride[k] + kernel[k] for k in range(2)] + [channels]
        s, z = self.own()
        x = b.tensor(shape, s, z)
        w = self.weights(b, [channels, *kernel, shape[3]], 0, s, channels)
        y = b.tensor(output, *self.own())
        value, kind = options(
            "TransposeConvOptions", padding=padding, strideH=stride[0], strideW=stride[1])
        b.operator(
            OPERATORS.TRANSPOSE_CONV, [b.integers(output), w[0], x, w[1]], [y], value, kind, 3)
        b.inputs, b.outputs = [x], [y]
        return b

    def fully_connected(self):
        b = Builder()
        depth, channels = self.size(1, 60), self.size(1, 30)
        keeps = bool(self.random.integers(0, 2))
        shape = [1, self.size(1, 4), depth] if keeps else [1, depth]
        s, z = self.own()
        x = b.tensor(shape, s, z)
        w = self.weights(b, [channels, depth], 0, s, channels, self.random.random() < 0.5)
        y = b.tensor(shape[:-1] + [channels], *self.own())
        value, kind = options(
            "FullyConnectedOptions", keepNumDims=keeps,
            fusedActivationFunction=int(self.random.choice([0, 1, 3])))
        b.operator(OPERATORS.FULLY_CONNECTED, [x, *w], [y], value, kind, 4)
        b.inputs, b.outputs = [x], [y]
        return b

    NAMES = [
        "relu", "relu6", "leaky_relu", "hard_swish", "logistic", "tanh", "softmax", "requantize",
        "add", "subtract", "multiply", "minimum", "maximum", "mean", "concatenation", "pad",
        "pad_v2", "transpose", "reshape", "squeeze", "expand_dims", "slice", "strided_slice",
        "split", "split_v", "resize_nearest", "resize_bilinear", "max_pool", "average_pool",
        "convolution", "depthwise", "transposed", "fully_connected",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=5, help="models an operator")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="one operator")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(Cases.NAMES):
        if arguments.only and name != arguments.only:
            continue
        for number in range(arguments.count):
            cases = Cases([arguments.seed, index, number])
            builder = getattr(cases, name)()
            model = builder.bytes()
            path = arguments.folder / f"{name}_{number}"
            path.with_suffix(".tflite").write_bytes(model)
            interpreter = runtime.Interpreter.from_bytes(model)
            inputs, outputs = b"", b""
            for _ in range(SAMPLE_COUNT):
                for k, tensor in enumerate(builder.inputs):
                    shape = builder.tensors[tensor].shape
                    values = cases.random.integers(-128, 128, shape).astype(np.int8)
                    interpreter.set_input(values, k)
                    inputs += values.tobytes()
                interpreter.invoke()
                for k in range(len(builder.outputs)):
                    outputs += interpreter.get_output(k).tobytes()
            path.with_suffix(".input.bin").write_bytes(inputs)
            path.with_suffix(".output.bin").write_bytes(outputs)


if __name__ == "__main__":
    main()
