"""Builds small TFLite models, tensor by tensor: int8, and the same in float32 or uint8, or with
weights of int4."""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

OPERATORS = schema.BuiltinOperator
OPTIONS = schema.BuiltinOptions
INT8, INT32, FLOAT, BOOL, UINT8, INT4 = 9, 2, 0, 6, 3, 17
# What the int8 tensors of a model may be instead.
FORMS = ["int8", "float", "uint8", "int4"]


class Builder:
    """A model of a few operators. Its int8 tensors are of another form when one is named, float32
    with the reals that they and scaled int32 tensors stand for, or uint8, all codes 128 higher."""

    def __init__(self, form="int8"):
        self.form = form
        self.buffers = [schema.BufferT()]
        self.tensors, self.operators, self.codes = [], [], []
        self.inputs, self.outputs = [], []

    def tensor(self, shape, scale=None, zero=0, kind=INT8, data=None, axis=0):
        if self.form == "uint8" and kind == INT8:
            kind, zero = UINT8, zero + 128
            data = None if data is None else data.view(np.uint8) ^ np.uint8(128)
        if self.form == "float" and (kind == INT8 or scale is not None):
            if data is not None:
                reals = np.asarray(data, np.float32) - np.float32(zero)
                along = [-1 if k == axis else 1 for k in range(reals.ndim)]
                scales = np.asarray(scale, np.float32)
                data = reals * (scales.reshape(along) if scales.size > 1 else scales)
                data = data.astype(np.float32)
            scale, kind = None, FLOAT
        tensor = schema.TensorT()
        tensor.name = f"t{len(self.tensors)}"
        tensor.shape = list(shape)
        tensor.type = kind
        tensor.buffer = 0
        if data is not None:
            buffer = schema.BufferT()
            if kind == INT4:
                data = halves(data)
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


def halves(codes):
    """Codes of four bits, two a byte, the first in the lower half."""
    codes = np.append(codes.reshape(-1), np.zeros(codes.size % 2, np.int8)).astype(np.uint8)
    return codes[::2] & 15 | codes[1::2] << 4


def options(name, **fields):
    value = getattr(schema, name + "T")()
    for key, field in fields.items():
        setattr(value, key, field)
    return value, getattr(OPTIONS, name)


class RandomModels:
    """Random shapes, scales and models with one input and one output."""

    def __init__(self, seed, form="int8"):
        self.random = np.random.default_rng(seed)
        self.form = form

    def builder(self):
        return Builder(self.form)

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
        b = self.builder()
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
