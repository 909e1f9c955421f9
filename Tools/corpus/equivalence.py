"""Whether two files that are not the same mean the same."""

import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema
from onnx import numpy_helper


def alike(ours, theirs):
    """The same, reals within 10⁻⁵ of the largest."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return False
    if ours.dtype.kind != "f":
        return bool((ours == theirs).all())
    return bool(np.allclose(ours, theirs, rtol=1e-5, atol=1e-5 * np.abs(theirs).max(initial=0),
                            equal_nan=True))


def tflite_tables(content):
    """A TFLite model's operators with their tensors, whatever the order of its tables."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    result = []
    for graph in model.subgraphs:
        def tensor(index, graph=graph):
            if index < 0:
                return None
            value, scales = graph.tensors[index], graph.tensors[index].quantization
            data = model.buffers[value.buffer].data
            scales = scales and (np.asarray(scales.scale).tolist(),
                                 np.asarray(scales.zeroPoint).tolist())
            return (list(np.asarray(value.shape)), value.type, scales,
                    None if data is None else bytes(data))
        result += [(model.operatorCodes[node.opcodeIndex].builtinCode,
                    [tensor(index) for index in node.inputs],
                    [tensor(index) for index in node.outputs],
                    str(node.builtinOptions and vars(node.builtinOptions)))
                   for node in graph.operators]
    return result


def onnx_parts(content):
    """An ONNX model without its constants, and these by name."""
    model = onnx.load_model_from_string(content)
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    del model.graph.initializer[:]
    return model, constants


def equivalent(path, content):
    """The file at a path, and what would be written there."""
    theirs = path.read_bytes()
    try:
        if path.suffix == ".tflite":
            return tflite_tables(content) == tflite_tables(theirs)
        if path.suffix == ".pb":
            tensors = [onnx.TensorProto.FromString(data) for data in (content, theirs)]
            return alike(*map(numpy_helper.to_array, tensors))
        if path.suffix == ".onnx":
            (a, ours), (b, theirs) = onnx_parts(content), onnx_parts(theirs)
            return a == b and ours.keys() == theirs.keys() and all(
                alike(ours[name], theirs[name]) for name in ours)
        if len(content) == len(theirs) and len(content) % 4 == 0 and path.suffix == ".output":
            return alike(np.frombuffer(content, "<f4"), np.frombuffer(theirs, "<f4"))
    except Exception:  # What a parser refuses is not equivalent, whatever it raises.
        return False
    return False
