"""Imports a float TFLite model with Octet, as ONNX, and compares ONNX Runtime on the result with
LiteRT on the original, on random inputs.

    Tools/crosscheck float FILE.tflite...

Exit status 1 when an output differs by more than 1e-4 of the largest. LiteRT quantizes the
activations of a float model that holds int8 weights; Octet takes the weights as the reals that they
stand for, so such a model differs.
"""

import pathlib
import tempfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from support.octet import add_octet
from support.peers import session

SAMPLE_COUNT = 20


def arranged(values, shape):
    """In the layout of the ONNX file: NHWC images become NCHW there."""
    shape = [size if isinstance(size, int) else 1 for size in shape]
    if values.ndim == 4 and len(shape) == 4 and list(values.shape) != shape:
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    return values.reshape(shape)


def difference(octet, path, folder):
    target = folder / "model.onnx"
    octet("import", path, "-o", target)
    lite = Interpreter(model_path=str(path))
    lite.allocate_tensors()
    source, result = lite.get_input_details()[0], lite.get_output_details()[0]
    peer = session(target)
    port = peer.get_inputs()[0]
    random = np.random.default_rng(1)
    largest, magnitude = 0.0, 0.0
    for _ in range(SAMPLE_COUNT):
        values = random.normal(size=source["shape"]).astype(np.float32)
        lite.set_tensor(source["index"], values)
        lite.invoke()
        theirs = lite.get_tensor(result["index"])
        ours = peer.run(None, {port.name: arranged(values, port.shape)})[0]
        largest = max(largest, float(np.abs(ours.ravel() - theirs.ravel()).max()))
        magnitude = max(magnitude, float(np.abs(theirs).max()))
    return largest / magnitude


def add_arguments(parser):
    parser.add_argument("models", type=pathlib.Path, nargs="+", metavar="FILE")
    add_octet(parser)


def main(arguments):
    failed = False
    for path in arguments.models:
        with tempfile.TemporaryDirectory() as folder:
            relative = difference(arguments.octet, path, pathlib.Path(folder))
        failed |= relative > 1e-4
        print(f"{path.name}: {relative:.2e} of the largest output")
    return not failed
