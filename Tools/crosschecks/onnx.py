"""Compares Octet with ONNX Runtime on the shared data's PyTorch LeNets, all 10,000 test images.

    Tools/crosscheck onnx [--data FOLDER]

For each model: labels of the imported QDQ form against ONNX Runtime's on the same file (at most 5
may differ: its requantization is in float), labels' accuracy, and the logits of the float model as
Octet writes it (onnx.checker's full check included) against those of the original (at most 1e-4
apart). Exit status 1 when a bound is passed.
"""

import pathlib
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

from support import files
from support.octet import add_data, add_octet
from support.peers import session

SETS = {"mnist": "mnist", "fashion": "fashion_mnist"}


def run(path, x):
    peer = session(path)
    name = peer.get_inputs()[0].name
    one = peer.get_inputs()[0].shape[0] == 1
    parts = np.split(x, len(x)) if one else [x]
    return np.concatenate([peer.run(None, {name: part})[0] for part in parts])


def input_grid(path):
    """Scale and zero point of the first QuantizeLinear, unsigned ones moved to int8."""
    graph = onnx.load(path).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    node = next(node for node in graph.node if node.op_type == "QuantizeLinear")
    scale, zero_point = constants[node.input[1]], constants[node.input[2]]
    shift = 128 if zero_point.dtype == np.uint8 else 0
    return float(scale), int(zero_point) - shift


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)


def main(arguments):
    octet, failures = arguments.octet, 0
    for name, folder in SETS.items():
        images, labels = files.pictures(arguments.data / folder)
        x = (images[:, None] / 255).astype(np.float32)
        source = arguments.data / f"models/lenet/lenet_{name}_pytorch.onnx"
        quantized = source.with_name(f"lenet_{name}_pytorch_qdq.onnx")
        with tempfile.TemporaryDirectory() as work:
            work = pathlib.Path(work)
            octet("import", quantized, "-o", work / "m.oct")
            scale, zero_point = input_grid(quantized)
            codes = np.clip(np.rint(x / np.float32(scale)) + zero_point, -128, 127)
            ours = octet.outputs(work / "m.oct", codes.astype(np.int8)).reshape(
                len(x), -1).argmax(1)
            theirs = run(quantized, x).argmax(1)
            differing = int((ours != theirs).sum())
            print(f"{name} QDQ: {differing} of {len(x)} labels differ from ONNX Runtime's; "
                  f"accuracy {100 * (ours == labels).mean():.2f} %, "
                  f"ONNX Runtime {100 * (theirs == labels).mean():.2f} %")
            octet("import", source, "-o", work / "m.onnx")
            onnx.checker.check_model(onnx.load(work / "m.onnx"), full_check=True)
            distance = float(np.abs(run(work / "m.onnx", x) - run(source, x)).max())
            print(f"{name} float: written ONNX passes the full check; logits at most "
                  f"{distance:.2g} from the original's")
            failures += (differing > 5) + (distance > 1e-4)
    return failures == 0
