"""Exports a blob to TFLite and compares TensorFlow Lite for Microcontrollers on the file with Octet
on the blob, byte for byte.

    python check_tflite.py --octet .build/release/octet M.oct [--inputs FILE] [--samples 1000]

Inputs are random int8 unless FILE (raw int8, sample after sample) is given. Exit status 1 when a
byte differs. Needs numpy, ai-edge-litert and tflite-micro, from PyPI.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from tflite_micro import runtime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--octet", type=pathlib.Path, required=True)
    parser.add_argument("--inputs", type=pathlib.Path)
    parser.add_argument("--samples", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        exported = folder / "model.tflite"
        octet = str(arguments.octet)
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        subprocess.run(
            [octet, "export", str(arguments.model), "--to", "tflite", "-o", str(exported)], **quiet)
        model = exported.read_bytes()
        lite = Interpreter(model_content=model)
        lite.allocate_tensors()
        shapes = [tuple(tensor["shape"]) for tensor in lite.get_input_details()]
        outputs = len(lite.get_output_details())
        size = sum(int(np.prod(shape)) for shape in shapes)
        if arguments.inputs:
            data = np.fromfile(arguments.inputs, np.int8)[:arguments.samples * size]
        else:
            random = np.random.default_rng(1)
            data = random.integers(-128, 128, arguments.samples * size).astype(np.int8)
        samples = data.reshape(-1, size)
        source, target = folder / "in.bin", folder / "out.bin"
        samples.tofile(source)
        subprocess.run(
            [octet, "run", str(arguments.model), "--raw-input", str(source), "--raw-output",
             str(target)], **quiet)
        ours = target.read_bytes()
        micro = runtime.Interpreter.from_bytes(model)
        theirs = b""
        for sample in samples:
            start = 0
            for index, shape in enumerate(shapes):
                count = int(np.prod(shape))
                micro.set_input(sample[start:start + count].reshape(shape), index)
                start += count
            micro.invoke()
            theirs += b"".join(micro.get_output(index).tobytes() for index in range(outputs))
    differing = sum(a != b for a, b in zip(ours, theirs)) + abs(len(ours) - len(theirs))
    print(f"{len(samples)} samples, {len(theirs)} output bytes, {differing} differing")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
