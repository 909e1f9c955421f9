"""Others' LeNets with the batch left open, so that their runtimes can be given the one that suits
them best: the files in shared/data fix it to 1."""

import flatbuffers
import numpy
import onnx
from ai_edge_litert import schema_py_generated as schema


def tflite(path):
    """The model's bytes; reshapes to one row take any number of rows."""
    with open(path, "rb") as file:
        model = schema.ModelT.InitFromPackedBuf(file.read(), 0)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex].builtinCode
        if code != schema.BuiltinOperator.RESHAPE:
            continue
        tensor = graph.tensors[operator.inputs[1]]
        buffer = model.buffers[tensor.buffer]
        shape = numpy.frombuffer(bytes(buffer.data), numpy.int32).copy()
        shape[0] = -1
        buffer.data = numpy.frombuffer(shape.tobytes(), numpy.uint8)
        if operator.builtinOptions is not None:
            operator.builtinOptions.newShape = shape
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def onnx_model(path):
    """The model's bytes; its input and output have a batch without a size."""
    model = onnx.load(path)
    del model.graph.value_info[:]
    for value in list(model.graph.input) + list(model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    return model.SerializeToString()
