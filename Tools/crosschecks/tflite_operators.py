"""Random TFLite models of one operator each, int8, float, uint8 or with weights of int4, in Octet
and in TensorFlow Lite for Microcontrollers.

    Tools/crosscheck tflite-operators FOLDER [--count 5] [--seed 1] [--form float] [--only NAME...]

writes NAME.tflite, NAME.input.bin and NAME.output.bin (a few samples, end to end) for each model.
Where TFLM has no such operator, LiteRT's reference kernels say what comes out; where it has none
either, the float form of the model does, in LiteRT, whose results are then rounded. Prints a line
an operator: of int8 the bytes that differ and by how many steps at most, of floats the largest
error against the largest value. Exit status 1 when a byte of TFLM differs, another by more than a
step, or a float by more than a 100,000th. Of uint8 models, which TFLM does not run, the operators
that they have are tried.
"""

import pathlib

import numpy as np

from corpus.tflite_builder import FORMS
from corpus.tflite_cases import Cases, case
from support.octet import OctetError, add_octet

# In the names of files.
SUFFIXES = {"int8": "", "float": "_float", "uint8": "_uint8", "int4": "_int4"}


def compared(octet, path, expected, form):
    """Octet's outputs against the reference's: how many differ, and the largest difference."""
    is_float = form == "float"
    model, samples = path.with_suffix(".tflite"), np.fromfile(
        path.with_suffix(".input.bin"), np.uint8)
    if not is_float:
        octet("import", model, "-o", path.with_suffix(".oct"))
        model = path.with_suffix(".oct")
    if form == "uint8":
        samples, expected = samples ^ np.uint8(128), (expected ^ np.uint8(128)).view(np.int8)
    values = octet.outputs(model, samples, kind=np.float32 if is_float else np.int8)
    values = values.astype(np.float64)
    if values.size != expected.size:
        raise ValueError(f"{values.size} values instead of {expected.size}")
    difference = np.abs(values - expected.astype(np.float64))
    difference[np.isnan(values) & np.isnan(expected)] = 0
    return int((difference > 0).sum()), float(difference.max()), float(np.abs(expected).max())


class Line:
    """What is printed of one operator."""

    def __init__(self, name):
        self.name, self.peer = name, "–"
        self.models = self.total = self.differing = 0
        self.largest = 0.0
        self.refusal = None

    def add(self, count, differing, largest):
        self.models += 1
        self.total += count
        self.differing += differing
        self.largest = max(self.largest, largest)

    def fails(self, is_float):
        if self.refusal:
            return True
        if is_float:
            # LiteRT rounds the activations of dynamic range to 8 bits as it goes.
            return self.largest > (1 / 127 if self.name == "dynamic_range" else 1e-5)
        if self.peer == "TFLM":
            return self.differing > 0
        # LiteRT resizes uint8 in floats, TFLM int8 in steps of 1/1024.
        return self.largest > (2 if self.name == "resize_bilinear" else 1)

    def __str__(self):
        text = (f"{self.name:<22} {self.peer:<14} {self.models:>6} {self.total:>8} "
                f"{self.differing:>8} {self.largest:>10.3g}")
        return text + (f"\n    {self.refusal[:300]}" if self.refusal else "")


def run(arguments, name):
    line = Line(name)
    for number in range(arguments.count):
        builder, samples, line.peer, expected = case(
            name, arguments.form, number, arguments.seed)
        path = arguments.folder / f"{name}{SUFFIXES[arguments.form]}_{number}"
        path.with_suffix(".tflite").write_bytes(builder.bytes())
        path.with_suffix(".input.bin").write_bytes(
            b"".join(value.tobytes() for sample in samples for value in sample))
        expected.tofile(path.with_suffix(".output.bin"))
        try:
            differing, difference, magnitude = compared(
                arguments.octet, path, expected, arguments.form)
            if arguments.form == "float":
                difference /= max(magnitude, 1e-3)
            line.add(expected.size, differing, difference)
        except OctetError as error:
            line.refusal = " ".join(str(error).split())
    return line


def add_arguments(parser):
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=5, help="models an operator")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="these operators")
    parser.add_argument("--form", choices=FORMS, default="int8")
    add_octet(parser)


def main(arguments):
    arguments.folder.mkdir(parents=True, exist_ok=True)
    failures = 0
    print(f"{'operator':<22} {'reference':<14} {'models':>6} {'values':>8} {'differ':>8} "
          f"{'at most':>10}")
    for name in arguments.only or Cases.SEEDS:
        if arguments.form == "float" and name in Cases.INTEGER_ONLY:
            continue
        if arguments.form == "uint8" and name not in Cases.UNSIGNED:
            continue
        if arguments.form == "int4" and name not in Cases.NARROW:
            continue
        line = run(arguments, name)
        print(line, flush=True)
        failures += line.fails(arguments.form == "float")
    return failures == 0
