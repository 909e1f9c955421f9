"""Writes the operator tests of the installed onnx package (its node tests, which its own Python
code makes, and the PyTorch ones that it ships) for the ONNXConformance tests.

    Tools/crosscheck onnx-node-tests FOLDER [--all] [--package OTHER/onnx]
    OCTET_SHARED_DATA=FOLDER swift test --filter ONNXConformance

Packages up to 1.22 ship their node tests, each version with models of the operator sets of its
time: `pip install --no-deps --target OTHER onnx==1.22.0` and give OTHER/onnx as --package. Only
tests whose every operator is in Octet's list are written, unless --all is given. Those that the
README's figures are of, Tools/fetch-conformance gets.
"""

import pathlib
import shutil
import warnings

import onnx
from onnx import TensorProto, numpy_helper

LISTED = set(
    "Conv ConvTranspose Gemm MatMul BatchNormalization Relu LeakyRelu Clip HardSwish HardSigmoid "
    "Sigmoid Tanh PRelu Softmax LogSoftmax MaxPool AveragePool GlobalAveragePool GlobalMaxPool "
    "ReduceMean Add Sub Mul Div Concat Flatten Reshape Squeeze Unsqueeze Transpose Pad LRN Dropout "
    "Identity Constant Cast Resize Shape Gather QuantizeLinear DequantizeLinear QLinearConv "
    "QLinearMatMul".split())


def serialized(value, info):
    kind = info.type.WhichOneof("value")
    if kind == "map_type":
        return numpy_helper.from_dict(value, info.name).SerializeToString()
    if kind == "sequence_type":
        return numpy_helper.from_list(value, info.name).SerializeToString()
    if kind == "optional_type":
        return numpy_helper.from_optional(value, info.name).SerializeToString()
    if isinstance(value, TensorProto):
        return value.SerializeToString()
    return numpy_helper.from_array(value, info.name).SerializeToString()


def operators(graph):
    result = set()
    for node in graph.node:
        result.add(node.op_type)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                result |= operators(attribute.g)
    return result


def allowed(model, arguments):
    return arguments.all or operators(model.graph) <= LISTED


def write_generated(root, arguments):
    """The tests that the installed package makes (1.23 ships none)."""
    from onnx.backend.test.case import node as node_tests
    count = 0
    for case in node_tests.collect_testcases(None):
        if not allowed(case.model, arguments):
            continue
        folder = root / case.name
        folder.mkdir(exist_ok=True)
        (folder / "model.onnx").write_bytes(case.model.SerializeToString())
        for index, (inputs, outputs) in enumerate(case.data_sets):
            data = folder / f"test_data_set_{index}"
            data.mkdir(exist_ok=True)
            graph = case.model.graph
            for kind, values, infos in (("input", inputs, graph.input),
                                        ("output", outputs, graph.output)):
                for position, (value, info) in enumerate(zip(values, infos)):
                    (data / f"{kind}_{position}.pb").write_bytes(serialized(value, info))
        count += 1
    return count


def copy_shipped(root, package, arguments):
    """The tests that lie in a package's folder."""
    count = 0
    for path in sorted((package / "backend/test/data").glob("*/*/model.onnx")):
        if allowed(onnx.load(path, load_external_data=False), arguments):
            name = path.parent.name
            if path.parent.parent.name != "node":
                name += "_" + path.parent.parent.name
            shutil.copytree(path.parent, root / name, dirs_exist_ok=True)
            count += 1
    return count


def add_arguments(parser):
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--package", type=pathlib.Path, help="the onnx folder of another version")
    parser.add_argument("--all", action="store_true", help="also operators that are not listed")


def main(arguments):
    warnings.filterwarnings("ignore")
    root = arguments.folder / "conformance" / "onnx_node"
    root.mkdir(parents=True, exist_ok=True)
    if arguments.package:
        count = copy_shipped(root, arguments.package, arguments)
    else:
        count = write_generated(root, arguments)
        count += copy_shipped(root, pathlib.Path(onnx.__file__).parent, arguments)
    print(f"{count} tests in {root}")
