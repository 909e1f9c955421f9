"""Small PyTorch networks, exported by both of PyTorch's exporters, imported by Octet and compared
with ONNX Runtime; the same after ONNX Runtime has quantized them.

    Tools/crosscheck torch [--only NAME] [--keep FOLDER]

Float: outputs of the file and of what Octet writes from it, within 1e-4 of the largest. Quantized
(QDQ and QOperator, by tensor and by channel, uint8 and int8): outputs as reals, at most a few steps
apart (ONNX Runtime rounds in floats). Where it left more than functions of one value in floats,
`import` refuses and `quantize` chooses the missing scales ("partial"): what ONNX Runtime computes
in floats is then rounded, and results may be half a step farther from the float model's than its
own, in the root mean square. `octet quantize` on the digits: works, or names at once what it
cannot. Prints differences and refusals; exit status 1 when there is a difference.
"""

import collections
import contextlib
import io
import logging
import pathlib
import tempfile
import warnings

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxruntime import quantization

from crosschecks.torch_networks import NETWORKS
from support.octet import OctetError, add_octet
from support.peers import calibration, images_last, session

SHAPE = (1, 1, 28, 28)
EXPORTS = [("legacy", 11), ("legacy", 13), ("legacy", 17), ("legacy", 20), ("dynamo", 18),
           ("dynamo", 20), ("dynamo", 23)]
QUANTIZATIONS = [
    (form, per_channel, activations, weights, symmetric)
    for form in ("QDQ", "QOperator") for per_channel in (False, True)
    for activations, weights in (("QUInt8", "QInt8"), ("QInt8", "QInt8"), ("QUInt8", "QUInt8"))
    for symmetric in (False, True) if not (activations == "QUInt8" and symmetric)]


def export(module, kind, opset, path, dynamic):
    x = torch.rand(2 if dynamic else 1, *SHAPE[1:])
    settings = {"opset_version": opset, "input_names": ["x"]}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), \
            contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        if kind == "legacy":
            if dynamic:
                settings["dynamic_axes"] = {"x": {0: "batch"}}
            torch.onnx.export(module, (x,), str(path), dynamo=False, **settings)
        else:
            if dynamic:
                settings["dynamic_shapes"] = ({0: torch.export.Dim("batch")},)
            torch.onnx.export(module, (x,), str(path), dynamo=True, verbose=False, **settings)


def distance(a, b):
    worst = 0
    for ours, theirs in zip(a, b, strict=True):
        ours = ours.reshape(theirs.shape)
        worst = max(worst, float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-3)))
    return worst


def check_float(arguments, path, folder, random):
    arguments.octet("import", path, "-o", folder / "ours.onnx")
    onnx.checker.check_model(str(folder / "ours.onnx"), full_check=True)
    ours, theirs = session(folder / "ours.onnx"), session(path)
    worst = 0
    for _ in range(4):
        x = random.random(SHAPE).astype(np.float32)
        result = ours.run(None, {ours.get_inputs()[0].name: x.reshape(
            [s if isinstance(s, int) else 1 for s in ours.get_inputs()[0].shape])})
        worst = max(worst, distance(result, theirs.run(None, {"x": x})))
    return f"{worst:.2g} of the largest output apart" if not worst <= 1e-4 else None


def grid(graph, name):
    """Scale and zero point with which the value is quantized or dequantized."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        values = list(node.input) + list(node.output)
        if node.op_type in ("QuantizeLinear", "DequantizeLinear") and name in values:
            zero = constants[node.input[2]]
            return float(constants[node.input[1]].ravel()[0]), zero.ravel()[0]
    return None


def codes_of(value, grid):
    """Reals in steps of the grid, as signed codes, not rounded, images with their channels last."""
    scale, zero = grid
    value = images_last(value)
    return value.ravel() / scale + int(zero) - (128 if zero.dtype == np.uint8 else 0)


def check_quantized(arguments, path, folder, random, setting, is_partial=False):
    form, per_channel, activations, weights, symmetric = setting
    target = folder / "quantized.onnx"
    quantization.quantize_static(
        str(path), str(target),
        calibration([random.random(SHAPE[1:]).astype(np.float32) for _ in range(16)]),
        quant_format=getattr(quantization.QuantFormat, form), per_channel=per_channel,
        activation_type=getattr(quantization.QuantType, activations),
        weight_type=getattr(quantization.QuantType, weights),
        extra_options={"ActivationSymmetric": symmetric, "WeightSymmetric": weights == "QInt8"})
    if arguments.keep:
        (arguments.keep / "last.onnx").write_bytes(target.read_bytes())
    if is_partial:
        samples = np.stack([random.random(SHAPE).astype(np.float32) for _ in range(64)])
        samples.transpose(0, 1, 3, 4, 2).tofile(folder / "samples.bin")
        arguments.octet("quantize", target, "--raw-input", folder / "samples.bin", "-o",
                        folder / "m.oct")
    else:
        arguments.octet("import", target, "-o", folder / "m.oct")
    graph = onnx.load(target).graph
    constant = {node.output[0] for node in graph.node if not any(node.input)}
    first = next(node for node in graph.node
                 if node.op_type == "QuantizeLinear" and node.input[0] not in constant)
    scale, zero = grid(graph, first.output[0])
    shift = 128 if zero.dtype == np.uint8 else 0
    theirs = session(target)
    grids = [grid(graph, output.name) for output in graph.output]
    if None in grids:
        return None
    samples = [random.random(SHAPE).astype(np.float32) for _ in range(8)]
    codes = np.rint(np.stack(samples) / np.float32(scale)) + int(zero) - shift
    ours = arguments.octet.outputs(
        folder / "m.oct", np.clip(codes, -128, 127).astype(np.int8)).astype(int)
    wanted = []
    for x in samples:
        for value, place in zip(theirs.run(None, {"x": x}), grids):
            wanted.append(np.rint(codes_of(value, place)))
    wanted = np.concatenate(wanted)
    if len(wanted) != len(ours):
        return f"{len(ours)} codes instead of {len(wanted)}"
    steps = np.abs(ours - wanted)
    if is_partial:
        exact = np.concatenate(
            [codes_of(value, grid) for x in samples
             for value, grid in zip(session(path).run(None, {"x": x}), grids)])
        error = [np.sqrt(((values - exact) ** 2).mean()) for values in (ours, wanted)]
        return (f"{error[0]:.2f} steps from the float model, ONNX Runtime {error[1]:.2f}"
                if error[0] > error[1] + 0.5 else None)
    worst, share = steps.max(), (steps > 1).mean()
    return f"codes up to {worst:.0f} apart, {100 * share:.1f} % by more than 1" if (
        worst > 4 or share > 0.05) else None


def check_own(arguments, folder):
    arguments.octet("quantize", folder / "ours.onnx", "--data", "digits", "-o", folder / "own.oct")


def add_arguments(parser):
    add_octet(parser)
    parser.add_argument("--only")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--no-quantized", action="store_true")
    parser.add_argument("--only-quantized", action="store_true")


def main(arguments):
    logging.disable(logging.CRITICAL)
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    counts = collections.Counter()

    def attempt(kind, label, path, body):
        try:
            problem = body()
            outcome = "differs" if problem else "same"
        except OctetError as error:
            problem, outcome = str(error), "refused"
        except Exception as error:
            problem, outcome = f"{type(error).__name__}: {error}", "failed"
        counts[f"{kind} {outcome}"] += 1
        if outcome == "refused" and kind == "quantized" and "'octet quantize' keeps" in problem:
            return True
        if problem:
            print(f"{label}: {outcome}: {problem[:500]!r}", flush=True)
            if arguments.keep and kind == "float":
                (arguments.keep / (label.replace(" ", "-") + ".onnx")).write_bytes(
                    path.read_bytes())

    for number, (name, build) in enumerate(NETWORKS.items()):
        if arguments.only not in (None, name):
            continue
        for index, (kind, opset) in enumerate(EXPORTS):
            if arguments.only_quantized and opset != 17:
                continue
            torch.manual_seed(number)
            module = build().eval()
            random = np.random.default_rng(number)
            dynamic = (index + number) % 2 == 0
            label = f"{name} {kind} {opset}" + (" dynamic" if dynamic else "")
            with tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                path = folder / "model.onnx"
                try:
                    export(module, kind, opset, path, dynamic)
                except Exception as error:
                    counts["not exported"] += 1
                    print(f"{label}: not exported: {type(error).__name__}: {str(error)[:80]!r}")
                    continue
                attempt("float", label, path,
                        lambda: check_float(arguments, path, folder, random))
                if opset == 17 and not arguments.no_quantized:
                    attempt("own int8", label + " quantize", path,
                            lambda: check_own(arguments, folder))
                    for setting in QUANTIZATIONS:
                        label = f"{name} {setting}"
                        if attempt("quantized", label, path, lambda: check_quantized(
                                arguments, path, folder, random, setting)):
                            attempt("partial", label, path, lambda: check_quantized(
                                arguments, path, folder, random, setting, True))
    print(", ".join(f"{key}: {value}" for key, value in sorted(counts.items())))
    return not any("differs" in key or "failed" in key for key in counts)
