"""Recomputes the figures of `octet diff` from the tensors of `--dump`, with NumPy and ONNX Runtime.

    octet diff M.onnx M.oct --data DIR --samples 300 --dump DUMP --json > diff.json
    Tools/crosscheck diff diff.json DUMP [M.onnx PIXELS.u8] [--targets TARGETS.npy]

Every output is judged again by the metric that the report names; what it needs beside the dump are
the targets of a regression, if there were any (the labels are in the dump).

With a model and the images' bytes (N·H·W, fed as pixel / 255) ONNX Runtime runs the float model
too and its scores are compared with the dumped ones. Prints every figure that differs by more than
its tolerance and ends with status 1 if there is one.
"""
import json
import math
from pathlib import Path

import numpy as np

from crosschecks.diff_outputs import judge_outputs
from support.peers import session

KINDS = {"i8": "i1", "i16": "<i2", "f32": "<f4"}
VISIBLE = 11.09  # class scores farther under the best have a probability below 2^-16


def decibels(signal, noise):
    signal, noise = float(np.sum(signal**2)), float(np.sum(noise**2))
    return None if noise == 0 else 10 * math.log10(signal / noise)


def wilson(right, count, z=1.959963984540054):
    share = right / count
    center = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    return center - half, center + half


def mcnemar(b, c):
    if b + c <= 24:
        tail = sum(math.comb(b + c, k) for k in range(min(b, c) + 1))
        return min(1.0, 2 * tail / 2 ** (b + c))
    return math.erfc(math.sqrt(max(0, abs(b - c) - 1) ** 2 / (b + c) / 2))


class Checker:
    def __init__(self):
        self.count = self.wrong = 0

    def same(self, name, expected, actual, tolerance=1e-6):
        self.count += 1
        if expected is None or actual is None:
            good = expected is actual
        else:
            good = abs(expected - actual) <= tolerance * max(1, abs(expected))
        if not good:
            self.wrong += 1
            print(f"{name}: NumPy {expected}, octet {actual}")


def reals(layer, ints):
    """What codes stand for, as float32."""
    if ints.dtype.kind == "f":
        return ints.astype(np.float64)
    real = (ints.astype(np.float64) - layer["zeroPoint"]) * float(np.float32(layer["scale"]))
    return real.astype(np.float32).astype(np.float64)


def parts(codes, span):
    """Which of 256 codes, or equal parts of more, the ends of these the last codes alone."""
    if span.bits == 8:
        return codes + 128
    inner = np.clip(codes >> 8, -127, 126)
    return np.where((codes == span.min) | (codes == span.max), codes >> 8, inner) + 128


def layer_figures(check, layer, report, folder, index, floats, ints, local_at):
    """Figures of one layer; `floats` and `ints` are samples × elements."""
    name, zero = layer["name"], layer["zeroPoint"]
    scale = float(np.float32(layer["scale"]))  # the blob has a float32
    is_coded = ints.dtype.kind == "i"
    # A real number is the float32 nearest to what a code stands for.
    real = reals(layer, ints)
    error = floats - real
    check.same(f"{name} SQNR", decibels(floats, error), report["sqnrDecibels"])
    check.same(f"{name} max error", float(np.abs(error).max()), report["maxAbsError"])
    step = scale if is_coded else 1
    check.same(
        f"{name} RMSE/scale", float(np.sqrt(np.mean(error**2))) / step, report["rmseOverScale"])
    product = float(np.sum(floats * real))
    norms = math.sqrt(float(np.sum(floats**2)) * float(np.sum(real**2)))
    check.same(f"{name} cosine", product / norms if norms else 1.0, report["cosine"])
    check.same(f"{name} lowest", float(floats.min()), report["range"]["floatLower"])
    check.same(f"{name} highest", float(floats.max()), report["range"]["floatUpper"])
    span = np.iinfo(ints.dtype) if is_coded else None
    if is_coded:
        codes = np.bincount(parts(ints.reshape(-1).astype(np.int64), span), minlength=256)
        check.same(
            f"{name} saturated", (codes[0] + codes[255]) / ints.size, report["saturatedShare"])
        check.same(f"{name} never used", float(np.mean(codes == 0)), report["neverUsedShare"])
        low, high = (span.min - zero - 0.5) * scale, (span.max - zero + 0.5) * scale
        check.same(
            f"{name} clipped", float(np.mean((floats < low) | (floats > high))),
            report["clippedShare"])
    if layer["isScores"]:
        line = floats.max(axis=1, keepdims=True) - VISIBLE
        seen, other = np.maximum(floats, line), np.maximum(real, line)
        check.same(
            f"{name} visible SQNR", decibels(seen, seen - other),
            report["visibleSqnrDecibels"], 1e-4)
    if "localFile" not in layer:
        return
    shape = (len(local_at), -1)
    exact = floats[local_at]
    line = exact.max(axis=1, keepdims=True) - VISIBLE if layer["isScores"] else -np.inf

    def load(key):
        values = np.fromfile(folder / layer[key], dtype="<f4").astype(np.float64).reshape(shape)
        return np.maximum(values, line)

    exact = np.maximum(exact, line)
    result = load("localFile")
    check.same(
        f"{name} local SQNR", decibels(exact, exact - result),
        report["local"]["sqnrDecibels"], 1e-4)
    if "weightedFile" not in layer:
        return
    weighted, rounded, clamped = load("weightedFile"), load("roundedFile"), load("clampedFile")
    # The grid's ends are numbers of float32, as all values of codes.
    ends = ((np.array([span.min, span.max]) - zero) * scale).astype(np.float32).astype(np.float64)
    on_grid = np.clip(clamped, *ends)
    split = report["split"]
    # A blob as reference is rounded itself; what it computes before that is a file of its own.
    unrounded = load("exactFile") if "exactFile" in layer else exact
    check.same(
        f"{name} weight rounding", decibels(exact, weighted - unrounded), split["weightRounding"],
        1e-4)
    check.same(
        f"{name} activation rounding", decibels(exact, rounded - weighted),
        split["activationRounding"], 1e-4)
    clipping = np.concatenate([clamped - rounded, np.maximum(on_grid, line) - clamped])
    check.same(f"{name} clipping", decibels(exact, clipping), split["clipping"], 1e-3)
    check.same(
        f"{name} requantization",
        decibels(exact, result - np.maximum(on_grid, line) - (exact - unrounded)),
        split["requantization"], 1e-4)


def run_onnx(check, path, pixels, scores):
    peer = session(path)
    source = peer.get_inputs()[0]
    size = [d if isinstance(d, int) and d > 0 else 1 for d in source.shape[1:]]
    images = np.fromfile(pixels, dtype=np.uint8)
    images = images.reshape([-1] + size)[: len(scores)].astype(np.float32) / 255
    found = np.concatenate([peer.run(None, {source.name: image[None]})[0] for image in images])
    gap = float(np.abs(found.reshape(len(scores), -1) - scores).max())
    check.count += 1
    print(f"ONNX Runtime's scores and octet's differ by at most {gap:.2e}")
    if gap > 1e-3 * float(np.abs(scores).max()):
        check.wrong += 1


def add_arguments(parser):
    parser.add_argument("report", type=Path, help="what octet diff --json printed")
    parser.add_argument("dump", type=Path, help="the folder of --dump")
    parser.add_argument("model", nargs="?", help="the float model, as ONNX")
    parser.add_argument("pixels", nargs="?", help="the images' bytes")
    parser.add_argument("--targets", type=Path, help="the targets, as NumPy's array")


def main(arguments):
    report = json.loads(arguments.report.read_text())
    folder = arguments.dump
    index = json.loads((folder / "index.json").read_text())
    check = Checker()
    count = len(index["sampleIndices"])
    labels = np.array(index["labels"]) if "labels" in index else None
    local_at = np.array(index["localPositions"])
    outputs, tensors = None, {}
    for layer, row in zip(index["layers"], report["layers"]):
        floats = np.fromfile(folder / layer["floatFile"], dtype="<f4").astype(np.float64)
        floats = floats.reshape(count, -1)
        kind = np.dtype(KINDS[layer["candidateFile"].rsplit(".", 1)[1]])
        ints = np.fromfile(folder / layer["candidateFile"], dtype=kind).reshape(count, -1)
        layer_figures(check, layer, row, folder, index, floats, ints, local_at)
        outputs = floats, ints
        tensors[row["tensor"]] = floats, reals(layer, ints)
    targets = np.load(arguments.targets) if arguments.targets else None
    judge_outputs(check, report, tensors, labels, targets, index["sampleIndices"])
    if report["floatTop1"] is not None:
        classifier(check, report, outputs, labels, count)
    if arguments.pixels:
        run_onnx(check, arguments.model, arguments.pixels, outputs[0])
    print(f"{check.count} figures compared, {check.wrong} differ")
    return check.wrong == 0


def classifier(check, report, outputs, labels, count):
    float_top, int8_top = outputs[0].argmax(axis=1), outputs[1].argmax(axis=1)
    right, right8 = float_top == labels, int8_top == labels
    check.same("float top-1", float(right.mean()), report["floatTop1"])
    check.same("int8 top-1", float(right8.mean()), report["int8Top1"])
    check.same("agreement", float((float_top == int8_top).mean()), report["agreement"])
    b, c = int((right & ~right8).sum()), int((~right & right8).sum())
    check.same("right to wrong", b, report["rightToWrong"])
    check.same("wrong to right", c, report["wrongToRight"])
    check.same("McNemar", mcnemar(b, c), report["significance"]["pValue"])
    check.same("flips", int((float_top != int8_top).sum()), len(report["flips"]))
    for side, hits in [("floatTop1Interval", right), ("int8Top1Interval", right8)]:
        low, high = wilson(int(hits.sum()), count)
        check.same(side + " lower", low, report[side]["lower"])
        check.same(side + " upper", min(1, high), report[side]["upper"])
