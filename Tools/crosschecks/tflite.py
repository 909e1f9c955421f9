"""Exports a blob to TFLite and compares TensorFlow Lite for Microcontrollers on the file with Octet
on the blob, byte for byte.

    Tools/crosscheck tflite M.oct [--inputs FILE] [--samples 1000]

Inputs are random int8 unless FILE (raw int8, sample after sample) is given. Exit status 1 when a
byte differs.
"""

import pathlib
import tempfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from support.octet import add_octet
from support.peers import micro, shaped


def add_arguments(parser):
    parser.add_argument("model", type=pathlib.Path, metavar="M.oct")
    parser.add_argument("--inputs", type=pathlib.Path)
    parser.add_argument("--samples", type=int, default=1000)
    add_octet(parser)


def main(arguments):
    with tempfile.TemporaryDirectory() as name:
        exported = pathlib.Path(name) / "model.tflite"
        arguments.octet("export", arguments.model, "--to", "tflite", "-o", exported)
        model = exported.read_bytes()
    lite = Interpreter(model_content=model)
    shapes = [tuple(tensor["shape"]) for tensor in lite.get_input_details()]
    size = sum(int(np.prod(shape)) for shape in shapes)
    if arguments.inputs:
        data = np.fromfile(arguments.inputs, np.int8)[:arguments.samples * size]
    else:
        random = np.random.default_rng(1)
        data = random.integers(-128, 128, arguments.samples * size).astype(np.int8)
    samples = data.reshape(-1, size)
    ours = arguments.octet.outputs(arguments.model, samples)
    theirs = micro(model, shaped(samples, shapes))
    shorter = min(len(ours), len(theirs))
    differing = int((ours[:shorter] != theirs[:shorter]).sum()) + abs(len(ours) - len(theirs))
    print(f"{len(samples)} samples, {len(theirs)} output bytes, {differing} differing")
    return differing == 0
