"""Int8 TFLite models, converted to ONNX by tf2onnx, imported by Octet and compared with ONNX
Runtime on the same file.

    Tools/crosscheck tf2onnx [--data FOLDER] [FILE.tflite...]

Without files: the shared data's models and random ones; inputs are the golden ones where there are
any, else 8 random ones. Prints for each how many codes differ and by how much, ONNX Runtime's own
difference with and without its optimizations, and how many of its codes differ from TensorFlow Lite
for Microcontrollers' golden ones. Exit status 1 when more than 5 % of a file's codes are over 1
apart, or it is refused.
"""

import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

from support import files
from support.octet import OctetError, add_data, add_octet
from support.peers import session

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# A process of its own imports it.
if not importlib.util.find_spec("tf2onnx"):
    raise ModuleNotFoundError("no tf2onnx", name="tf2onnx")


def inputs(info, golden):
    shape = [size if isinstance(size, int) and size > 0 else 1 for size in info.shape]
    if golden.exists():
        return files.codes(golden).reshape(-1, *shape)
    return np.random.default_rng(1).integers(-128, 128, (8, *shape)).astype(np.int8)


def compare(arguments, path, folder):
    """A line of the table, and whether it is as it should be."""
    model = folder / "model.onnx"
    subprocess.run(
        [sys.executable, "-m", "tf2onnx.convert", "--tflite", path, "--output", model, "--opset",
         "17"], check=True, capture_output=True)
    plain, optimized = (session(model, optimized=flag) for flag in (False, True))
    infos = plain.get_inputs()
    if any(info.type != "tensor(int8)" for info in infos) or len(infos) != 1:
        return "not of one int8 input", True
    golden = arguments.data / "golden" / (path.stem + ".input.bin.gz")
    samples = inputs(infos[0], golden)
    try:
        theirs, others = ([np.concatenate([y.ravel() for y in run.run(None, {infos[0].name: x})])
                           for x in samples] for run in (plain, optimized))
    except onnxruntime.capi.onnxruntime_pybind11_state.Fail as error:
        return f"ONNX Runtime: {str(error)[:80]}", True
    theirs, others = np.stack(theirs).astype(int), np.stack(others).astype(int)
    try:
        arguments.octet("import", model, "-o", folder / "m.oct")
        ours = arguments.octet.outputs(folder / "m.oct", samples).astype(int).reshape(theirs.shape)
    except OctetError as error:
        return str(error), "is a float model" in str(error)
    apart, noise = np.abs(ours - theirs), np.abs(others - theirs)
    line = (f"{(apart > 0).sum()} of {apart.size} codes differ, by at most {apart.max()} "
            f"(ONNX Runtime from itself: {(noise > 0).sum()}, {noise.max()})")
    is_good = (apart > 1).mean() <= 0.05
    if golden.exists():
        micro = files.codes(golden.with_name(path.stem + ".output.bin.gz"))
        line += f"; from TFLM's {(micro.reshape(theirs.shape) != theirs).sum()}"
    return line, is_good


def add_arguments(parser):
    parser.add_argument("files", nargs="*", type=pathlib.Path, metavar="FILE")
    add_octet(parser)
    add_data(parser)


def main(arguments):
    paths = arguments.files or sorted(
        path for folder in ("models", "conformance/tflite_random")
        for path in (arguments.data / folder).rglob("*.tflite"))
    failures = 0
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            line, is_good = compare(arguments, path, pathlib.Path(folder))
        print(f"{path.stem}: {line}", flush=True)
        failures += not is_good
    return failures == 0
