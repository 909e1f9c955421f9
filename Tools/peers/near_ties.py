"""int8 TFLite models made so that their results lie next to a rounding boundary: there the last
bit of a multiplier decides, which random models all but never show.

    python near_ties.py --octet .build/release/octet [--count 8] [--only NAME…] [--golden FOLDER]

runs each model in TensorFlow Lite for Microcontrollers and in Octet and prints, for each operator,
how many models, how many bytes were compared, how many of them are at the edge (TFLM itself gives
others when one scale changes by one unit in its last place), and how many differ. Exit status 1
when one differs. --golden makes smaller models and leaves of each operator that where the most
bytes differ or are at the edge: NAME.tflite, NAME.input.bin, and TFLM's NAME.output.bin.

Operators with weights get biases that put the accumulator between two neighbouring multipliers.
Elsewhere the scales are in the ratio of small integers, so that many results are exact ties, and
all codes, or all pairs of codes, are tried. Needs numpy, ai-edge-litert (for the schema) and
tflite-micro, from PyPI.
"""

import argparse
import copy
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from tflite_micro import runtime
from tie_models import NearTies


def micro(model, builder, samples):
    """TFLM's outputs, end to end."""
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=1 << 22)
    result = []
    for sample in samples:
        start = 0
        for index, tensor in enumerate(builder.inputs):
            shape = builder.tensors[tensor].shape
            count = int(np.prod(shape))
            interpreter.set_input(sample[start:start + count].reshape(shape), index)
            start += count
        interpreter.invoke()
        result += [interpreter.get_output(index).reshape(-1)
                   for index in range(len(builder.outputs))]
    return np.concatenate(result)


def octet(tool, model, samples, folder):
    (folder / "m.tflite").write_bytes(model)
    samples.tofile(folder / "in")
    run = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    subprocess.run(
        [tool, "import", str(folder / "m.tflite"), "-o", str(folder / "m.oct"), "-q"], **run)
    subprocess.run([tool, "run", str(folder / "m.oct"), "--raw-input", str(folder / "in"),
                    "--raw-output", str(folder / "out"), "-q"], **run)
    return np.fromfile(folder / "out", np.int8)


def nudged(builder, at_input):
    """The model with each result's scale, or input's, one unit in the last place larger."""
    other = copy.deepcopy(builder)
    for index in set(other.inputs if at_input else other.outputs):
        quantization = other.tensors[index].quantization
        quantization.scale = np.nextafter(quantization.scale, np.float32(np.inf))
    return other


class Row:
    """What is counted for one operator."""

    def __init__(self, arguments, name):
        self.arguments, self.name = arguments, name
        self.total = self.edge = self.differing = 0
        self.refusal, self.best = None, (-1, -1)
        for number in range(arguments.count):
            self.compare(NearTies([arguments.seed, number, *name.encode()], bool(arguments.golden)))

    def compare(self, make):
        builder, samples = getattr(make, self.name)()
        model = builder.bytes()
        try:
            expected = micro(model, builder, samples)
        except Exception as error:  # TFLM refuses by whatever type.
            self.refusal = "TFLM refuses: " + " ".join(str(error).split())
            return
        edge = 0
        if self.name not in NearTies.KEPT:
            other = nudged(builder, self.name in NearTies.PRESCRIBED)
            edge = int((micro(other.bytes(), other, samples) != expected).sum())
        self.edge += edge
        self.total += expected.size
        differing = 0
        with tempfile.TemporaryDirectory() as folder:
            try:
                actual = octet(self.arguments.octet, model, samples, pathlib.Path(folder))
                differing = int((actual != expected).sum())
                self.differing += differing
            except subprocess.CalledProcessError as error:
                self.refusal = "Octet refuses: " + " ".join(error.stderr.split())
        if self.arguments.golden and (differing, edge) > self.best:
            self.best = differing, edge
            self.write(model, samples, expected)

    def write(self, model, samples, expected):
        self.arguments.golden.mkdir(parents=True, exist_ok=True)
        base = self.arguments.golden / self.name
        base.with_suffix(".tflite").write_bytes(model)
        samples.tofile(base.with_suffix(".input.bin"))
        expected.tofile(base.with_suffix(".output.bin"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--octet", required=True)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--golden", type=pathlib.Path)
    arguments = parser.parse_args()
    failures = 0
    print(f"{'operator':<26} {'models':>6} {'bytes':>9} {'at the edge':>11} {'differ':>7}")
    for name in arguments.only or NearTies.NAMES:
        row = Row(arguments, name)
        edge = "–" if name in NearTies.KEPT else row.edge
        print(f"{name:<26} {arguments.count:>6} {row.total:>9} {edge:>11} {row.differing:>7}",
              flush=True)
        if row.refusal:
            print("    " + row.refusal[:300])
        failures += row.differing > 0 or row.refusal is not None
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
