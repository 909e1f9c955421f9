"""What each rung of `octet quantize` gains, for several networks: the table of Quantization.md.

    Tools/crosscheck ladder [--data FOLDER] [NAME...]

Every rung is climbed, since a contract is asked for that none can hold. LeNet with labelled images,
also with weights of four bits; LeNet with a channel of the first layer 500 times as wide and what
reads it so much narrower, which is the same function; ResNet-8 and the keywords of MLPerf Tiny with
raw samples, where decisions are compared with the float model's. Bytes are the blob's, cycles those
of an inference on Cortex-M4 as `octet board run` models them: with int8, and with all activations
of int16. Exit status 1 where the last rung is below its bound, or a network could not be climbed.
"""

import json
import pathlib
import subprocess
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

from crosschecks.quantized import Lite, coloured
from support import files
from support.octet import OctetError, add_data, add_octet


def widened(source, target, factor=500):
    """The same function with a channel that takes the codes of all others."""
    model = onnx.load(source)
    constants = {c.name: c for c in model.graph.initializer}

    def scale(name, part, by):
        value = numpy_helper.to_array(constants[name]).copy()
        value[part] *= by
        constants[name].CopyFrom(numpy_helper.from_array(value, name))
    scale("c1.weight", 0, factor)
    scale("c1.bias", 0, factor)
    scale("c2.weight", (slice(None), 0), 1 / factor)
    onnx.save(model, target)


def climb(octet, model, *words):
    with tempfile.TemporaryDirectory() as name:
        result = subprocess.run(
            [octet.path, "quantize", str(model), *map(str, words), "-o", f"{name}/m.oct",
             "--max-drop", "-1", "--max-cycles", "1", "--json", "--quiet"],
            capture_output=True, text=True)
        if result.returncode != 1:
            raise OctetError("quantize", result.returncode, result.stderr)
        return json.loads(result.stdout)["ladder"]


class Rows:
    """A line of the table for each network."""

    def __init__(self, octet, data, folder):
        self.octet, self.data, self.folder = octet, data, folder

    def lenet(self, kind="mnist", *words):
        model = self.data / f"models/lenet/lenet_{kind}_pytorch.onnx"
        images = self.data / {"mnist": "mnist", "fashion": "fashion_mnist"}[kind]
        return climb(self.octet, model, "--data", images, *words)

    def wide(self):
        model = self.data / "models/lenet/lenet_mnist_pytorch.onnx"
        widened(model, self.folder / "wide.onnx")
        return climb(self.octet, self.folder / "wide.onnx", "--data", self.data / "mnist")

    def resnet(self):
        images, _ = files.pictures(self.data / "fashion_mnist")
        colours = coloured(images[:2500], np.random.default_rng(1)).astype("<f4")
        colours.tofile(self.folder / "colour.raw")
        model = self.data / "models/mlperf_tiny/pretrainedResnet.tflite"
        return climb(self.octet, model, "--raw-input", self.folder / "colour.raw")

    def keywords(self):
        published = Lite(self.data / "models/mlperf_tiny/kws_ref_model.tflite")
        codes = files.codes(self.data / "golden/kws_ref_model.input.bin.gz")
        published.real(codes).astype("<f4").tofile(self.folder / "kws.raw")
        model = self.data / "models/mlperf_tiny/kws_ref_model_float32.tflite"
        return climb(self.octet, model, "--raw-input", self.folder / "kws.raw",
                     "--calibration-samples", 100)


# The name, how it is climbed, and how far the last rung may be below float.
NETWORKS = {
    "LeNet, MNIST": (Rows.lenet, 0.001),
    "LeNet, Fashion-MNIST": (lambda rows: rows.lenet("fashion"), 0.003),
    "LeNet, one channel × 500": (Rows.wide, 0.001),
    "LeNet, MNIST, int4": (lambda rows: rows.lenet("mnist", "--weights", "int4"), 0.001),
    "LeNet, Fashion-MNIST, int4": (lambda rows: rows.lenet("fashion", "--weights", "int4"), 0.005),
    "ResNet-8, decisions": (Rows.resnet, 0.05),
    "DS-CNN, decisions": (Rows.keywords, 0.05),
}
INT8 = ["ranges", "equalization", "bias-correction", "rounding"]
INT16 = ["int16", "more-int16", "all-int16"]


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)
    parser.add_argument("names", nargs="*", default=list(NETWORKS), metavar="NAME")


def main(arguments):
    sound = True
    columns = ["float", *INT8, "bytes", "cycles", *INT16, "bytes", "cycles"]
    print("| Network | " + " | ".join(columns) + " |")
    print("|---" + "|--:" * len(columns) + "|")
    for name in arguments.names:
        run, bound = NETWORKS[name]
        try:
            with tempfile.TemporaryDirectory() as folder:
                ladder = run(Rows(arguments.octet, arguments.data, pathlib.Path(folder)))
        except OctetError as error:
            print(f"{name}: {error}", flush=True)
            sound = False
            continue
        labelled = "floatAccuracy" in ladder[0]
        key = "int8Accuracy" if labelled else "agreement"
        real = ladder[0]["floatAccuracy"] if labelled else 1
        found = {step["rung"]: step for step in ladder}
        cells, last = [f"{real:.2%}"], None
        for rungs in (INT8, INT16):
            for rung in rungs:
                # A rung that would change nothing is left out.
                last = found.get(rung, last)
                cells.append(f"{last[key]:.2%}")
            cells += [f"{last['fileByteCount']:,}", f"{last.get('cyclesPerInference', 0):,}"]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
        sound &= last[key] >= real - bound
    return sound
