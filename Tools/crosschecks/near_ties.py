"""int8 TFLite models made so that their results lie next to a rounding boundary: there the last bit
of a multiplier decides, which random models all but never show.

    Tools/crosscheck near-ties [--count 8] [--seed 1] [--only NAME...]

runs each model in TensorFlow Lite for Microcontrollers and in Octet and prints, for each operator,
how many models, how many bytes were compared, how many of them are at the edge (TFLM itself gives
others when one scale changes by one unit in its last place), and how many differ. Exit status 1
when one differs.

Operators with weights get biases that put the accumulator between two neighbouring multipliers.
Elsewhere the scales are in the ratio of small integers, so that many results are exact ties, and
all codes, or all pairs of codes, are tried.
"""

import copy
import pathlib
import tempfile

import numpy as np

from corpus.tie_models import NearTies, outputs
from support.octet import OctetError, add_octet


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
        self.refusal = None
        for number in range(arguments.count):
            self.compare(*NearTies.model(name, number, arguments.seed))

    def compare(self, builder, samples):
        try:
            expected = outputs(builder, samples)
        except Exception as error:  # TFLM refuses by whatever type.
            self.refusal = "TFLM refuses: " + " ".join(str(error).split())
            return
        if self.name not in NearTies.KEPT:
            other = nudged(builder, self.name in NearTies.PRESCRIBED)
            self.edge += int((outputs(other, samples) != expected).sum())
        self.total += expected.size
        octet = self.arguments.octet
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "m.tflite").write_bytes(builder.bytes())
            try:
                octet("import", folder / "m.tflite", "-o", folder / "m.oct")
                actual = octet.outputs(folder / "m.oct", samples)
                self.differing += int((actual != expected).sum())
            except OctetError as error:
                self.refusal = "Octet refuses: " + " ".join(str(error).split())


def add_arguments(parser):
    add_octet(parser)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*")


def main(arguments):
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
    return failures == 0
