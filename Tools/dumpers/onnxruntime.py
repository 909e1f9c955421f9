"""Runs an .onnx model in ONNX Runtime, without its optimizations, and keeps every value.

    octet diff M.onnx --against 'Tools/dump-tensors onnxruntime M.onnx'

Values that a QuantizeLinear makes come with its scale and zero point.
"""

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from support import dumps, peers


def add_arguments(parser):
    dumps.add_arguments(parser)


def codes_of(graph):
    """The scale and zero point of every value that a QuantizeLinear with one scale makes."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].HasField("t"):
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    found = {}
    for node in graph.node:
        if node.op_type != "QuantizeLinear":
            continue
        scale = constants.get(node.input[1])
        zero_point = constants.get(node.input[2]) if len(node.input) > 2 else np.uint8(0)
        if scale is not None and zero_point is not None and np.size(scale) == 1:
            found[node.output[0]] = float(np.ravel(scale)[0]), int(np.ravel(zero_point)[0])
    return found


def with_all_outputs(model):
    graph = model.graph
    outputs = {value.name for value in graph.output}
    constants = {tensor.name for tensor in graph.initializer}
    names = []
    for node in graph.node:
        # What is made of constants alone, such as weights out of their codes, is none of the run's.
        if all(name in constants or not name for name in node.input):
            constants.update(node.output)
        else:
            names += [name for name in node.output if name]
    for name in names:
        if name not in outputs:
            graph.output.append(onnx.ValueInfoProto(name=name))
    return names, outputs


def main(arguments):
    model = onnx.load(arguments.model)
    codes = codes_of(model.graph)
    names, outputs = with_all_outputs(model)
    session = peers.session(model.SerializeToString(), optimized=False)
    ports = []
    for value in session.get_inputs():
        if not value.type.startswith("tensor("):
            dumps.fail(f"the input '{value.name}' is no tensor")
        kind = value.type[7:-1]
        shape = [size if isinstance(size, int) else 1 for size in value.shape]
        sample = shape[1:] if len(shape) > 1 and shape[0] == 1 else shape
        ports.append(dumps.Port(
            value.name, sample, {"float": "float32", "double": "float64"}.get(kind, kind),
            channels_first=len(shape) == 4))
    values = dumps.samples(arguments, ports)
    made = {name: [] for name in names}
    for sample in range(len(values[0])):
        feed = {}
        for port, value, batch in zip(ports, session.get_inputs(), values):
            shape = [size if isinstance(size, int) else 1 for size in value.shape]
            feed[port.name] = batch[sample].reshape(shape)
        for name, result in zip(names, session.run(names, feed)):
            made[name].append(np.asarray(result))
    dump = dumps.Dump(arguments.tensors, f"ONNX Runtime {onnxruntime.__version__}")
    for port, batch in zip(ports, values):
        layout = "NCHW" if port.channels_first else None
        dump.add(port.name, batch, "input", layout=layout)
    for name in names:
        role = "output" if name in outputs else "intermediate"
        result = dumps.stacked(made[name])
        if result.dtype.kind in "fiub":
            dump.add(name, result, role, *codes.get(name, (None, 0)))
    dump.close()
