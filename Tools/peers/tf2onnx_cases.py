"""Int8 TFLite models, converted to ONNX by tf2onnx, imported by Octet and compared with ONNX
Runtime on the same file.

    python tf2onnx_cases.py --octet .build/release/octet [--data ../shared/data] [FILE.tflite...]

Without files: the shared data's models and random ones; inputs are the golden ones where there are
any, else 8 random ones. Prints for each how many codes differ and by how much, ONNX Runtime's own
difference with and without its optimizations, and how many of its codes differ from TensorFlow Lite
for Microcontrollers' golden ones. Exit status 1 when more than 5 % of a file's codes are over 1
apart, or it is refused. Needs tf2onnx, onnx, tensorflow and onnxruntime, from PyPI, in an
environment of their own.
"""

import argparse
import gzip
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import onnxruntime


def session(path, level):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = level
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def inputs(info, golden):
    shape = [size if isinstance(size, int) and size > 0 else 1 for size in info.shape]
    if golden.exists():
        return np.frombuffer(gzip.decompress(golden.read_bytes()), np.int8).reshape(-1, *shape)
    return np.random.default_rng(1).integers(-128, 128, (8, *shape)).astype(np.int8)


def compare(arguments, path, folder):
    """A line of the table, and whether it is as it should be."""
    model = folder / "model.onnx"
    subprocess.run(
        [sys.executable, "-m", "tf2onnx.convert", "--tflite", path, "--output", model, "--opset",
         "17"], check=True, capture_output=True)
    levels = onnxruntime.GraphOptimizationLevel
    plain, optimized = (session(model, level) for level in (levels.ORT_DISABLE_ALL,
                                                            levels.ORT_ENABLE_ALL))
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
    (folder / "in").write_bytes(samples.tobytes())
    for command in (["import", model, "-o", folder / "m.oct"],
                    ["run", folder / "m.oct", "--raw-input", folder / "in", "--raw-output",
                     folder / "out"]):
        result = subprocess.run([arguments.octet, *command, "--quiet"], capture_output=True,
                                text=True)
        if result.returncode:
            return result.stderr.strip(), "is a float model" in result.stderr
    ours = np.fromfile(folder / "out", np.int8).astype(int).reshape(theirs.shape)
    apart, noise = np.abs(ours - theirs), np.abs(others - theirs)
    line = (f"{(apart > 0).sum()} of {apart.size} codes differ, by at most {apart.max()} "
            f"(ONNX Runtime from itself: {(noise > 0).sum()}, {noise.max()})")
    isGood = (apart > 1).mean() <= 0.05
    if golden.exists():
        micro = np.frombuffer(gzip.decompress(
            golden.with_name(path.stem + ".output.bin.gz").read_bytes()), np.int8)
        line += f"; from TFLM's {(micro.reshape(theirs.shape) != theirs).sum()}"
    return line, isGood


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--octet", required=True)
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("../shared/data"))
    arguments = parser.parse_args()
    files = arguments.files or sorted(
        path for folder in ("models", "conformance/tflite_random")
        for path in (arguments.data / folder).rglob("*.tflite"))
    failures = 0
    for path in files:
        with tempfile.TemporaryDirectory() as folder:
            line, isGood = compare(arguments, path, pathlib.Path(folder))
        print(f"{path.stem}: {line}", flush=True)
        failures += not isGood
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
