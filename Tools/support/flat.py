"""What a .tflite file says of its tensors: names, shapes, scales, and the order of execution."""

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from support import dumps

TYPES = {
    schema.TensorType.FLOAT32: "float32", schema.TensorType.INT8: "int8",
    schema.TensorType.UINT8: "uint8", schema.TensorType.INT16: "int16",
    schema.TensorType.INT32: "int32", schema.TensorType.INT64: "int64",
    schema.TensorType.BOOL: "bool",
}


class Graph:
    def __init__(self, model):
        if model[4:8] != b"TFL3":
            dumps.fail("this is no .tflite file")
        self.subgraph = schema.Model.GetRootAsModel(model, 0).Subgraphs(0)
        self.tensors = self.subgraph.Tensors
        self.inputs = list(self.subgraph.InputsAsNumpy())
        self.outputs = list(self.subgraph.OutputsAsNumpy())
        # Each once, in the order of execution; what runtimes cannot give back is left out.
        self.made = list(dict.fromkeys(
            int(index) for position in range(self.subgraph.OperatorsLength())
            for index in self.subgraph.Operators(position).OutputsAsNumpy()
            if self.tensors(int(index)).Type() in TYPES))

    def name(self, index):
        return self.tensors(index).Name().decode("utf-8", "replace")

    def shape(self, index):
        shape = self.tensors(index).ShapeAsNumpy()
        return [int(size) for size in shape] if not np.isscalar(shape) else []

    def codes(self, index):
        """The scale and the zero point; None and 0 of real numbers and of several scales."""
        quantization = self.tensors(index).Quantization()
        if quantization is None or quantization.ScaleLength() != 1:
            return None, 0
        zero_points = quantization.ZeroPointLength()
        return float(quantization.Scale(0)), int(quantization.ZeroPoint(0)) if zero_points else 0

    def ports(self):
        ports = []
        for index in self.inputs:
            kind = self.tensors(index).Type()
            if kind not in TYPES:
                dumps.fail(f"the input '{self.name(index)}' has a type that is not read")
            shape = self.shape(index)
            # A leading 1 is the batch.
            sample = shape[1:] if len(shape) > 1 and shape[0] == 1 else shape
            ports.append(dumps.Port(self.name(index), sample, TYPES[kind], *self.codes(index)))
        return ports

    def dump(self, folder, runtime, inputs, made):
        dump = dumps.Dump(folder, runtime)
        for index, values in zip(self.inputs, inputs):
            dump.add(self.name(index), values, "input", *self.codes(index))
        for index in self.made:
            role = "output" if index in self.outputs else "intermediate"
            dump.add(self.name(index), dumps.stacked(made[index]), role, *self.codes(index))
        dump.close()
