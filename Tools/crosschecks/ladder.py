"""What each rung of `octet quantize` gains, for several networks: the table of Quantization.md.

    Tools/crosscheck ladder [--data FOLDER]

Every rung is climbed, since a contract is asked for that none can hold. LeNet with labelled images;
LeNet with a channel of the first layer 500 times as wide and what reads it so much narrower, which
is the same function; ResNet-8 and the keywords of MLPerf Tiny with raw samples, where decisions are
compared with the float model's. Exit status 1 where the last rung is below its bound.
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
from support.octet import add_data, add_octet


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
             "--max-drop", "-1", "--json", "--quiet"], capture_output=True, text=True)
        assert result.returncode == 1, result.stderr
        return json.loads(result.stdout)["ladder"]


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)


def main(arguments):
    octet, data, sound = arguments.octet, arguments.data, True
    rungs = ["ranges", "equalization", "bias-correction", "rounding", "int16", "more-int16",
             "all-int16"]
    print("| Network | float | " + " | ".join(rungs) + " | bytes | s |")
    print("|---" * 2 + "|--:" * (len(rungs) + 2) + "|")

    def row(name, ladder, bound):
        nonlocal sound
        labelled = "floatAccuracy" in ladder[0]
        key = "int8Accuracy" if labelled else "agreement"
        real = ladder[0]["floatAccuracy"] if labelled else 1
        found = {step["rung"]: step[key] for step in ladder}
        last, cells = None, []
        for rung in rungs:
            last = found.get(rung, last)
            cells.append(f"{last:.2%}")
        seconds = sum(step["seconds"] for step in ladder)
        print(f"| {name} | {real:.2%} | " + " | ".join(cells)
              + f" | {ladder[-1]['fileByteCount']} | {seconds:.1f} |", flush=True)
        sound &= last >= real - bound

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        lenet = data / "models/lenet/lenet_mnist_pytorch.onnx"
        row("LeNet, MNIST", climb(octet, lenet, "--data", data / "mnist"), 0.001)
        fashion = data / "models/lenet/lenet_fashion_pytorch.onnx"
        row("LeNet, Fashion-MNIST", climb(octet, fashion, "--data", data / "fashion_mnist"), 0.003)
        widened(lenet, folder / "wide.onnx")
        wide = climb(octet, folder / "wide.onnx", "--data", data / "mnist")
        row("LeNet, one channel × 500", wide, 0.001)
        images, _ = files.pictures(data / "fashion_mnist")
        colours = coloured(images[:2500], np.random.default_rng(1)).astype("<f4")
        colours.tofile(folder / "colour.raw")
        model = data / "models/mlperf_tiny/pretrainedResnet.tflite"
        row("ResNet-8, decisions", climb(octet, model, "--raw-input", folder / "colour.raw"), 0.05)
        published = Lite(data / "models/mlperf_tiny/kws_ref_model.tflite")
        codes = files.codes(data / "golden/kws_ref_model.input.bin.gz")
        published.real(codes).astype("<f4").tofile(folder / "kws.raw")
        model = data / "models/mlperf_tiny/kws_ref_model_float32.tflite"
        row("DS-CNN, decisions", climb(octet, model, "--raw-input", folder / "kws.raw",
                                       "--calibration-samples", 100), 0.05)
    return sound
