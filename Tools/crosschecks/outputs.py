"""How near the outputs of int8 networks are to float: `octet quantize` beside ONNX Runtime.

    Tools/crosscheck outputs [--samples 100] [NAME...]

Networks of PyTorch with random weights, exported to ONNX. Prints for each output, over samples that
calibration has not seen, the ratio of signal to quantization noise in dB (more is better): of
`octet quantize` with its default calibrator and with each by name, of ONNX Runtime's
quantize_static (QDQ, int8, by channel) with its min-max, percentile and entropy calibrators, and by
how much the default is ahead of the best of these. Both calibrate on the same 100 pictures. Exit
status 1 when the default is behind on any.
"""

import contextlib
import io
import logging
import pathlib
import tempfile
import time
import warnings

import numpy as np
import onnxruntime
import torch
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process

from crosschecks.output_networks import NETWORKS
from support.octet import OctetError, add_octet
from support.peers import calibration, images_last, noise_ratio, session

CALIBRATORS = ["min-max", "percentile", "mse"]
THEIRS = ["MinMax", "Percentile", "Entropy"]


def pictures(random, count, shape):
    """Smooth random patches with a little noise."""
    channels, height, width = shape
    block = max(1, height // 8)
    images = random.standard_normal((count, channels, -(-height // block), -(-width // block)))
    images = images.repeat(block, 2).repeat(block, 3)[:, :, :height, :width]
    for axis in (2, 3):
        images = np.apply_along_axis(
            lambda line: np.convolve(line, np.full(5, 1 / 5), "same"), axis, images)
    return (images + 0.1 * random.standard_normal(images.shape)).astype(np.float32)


def run(path, images):
    peer = session(path)
    results = [peer.run(None, {"x": image[None]}) for image in images]
    return [np.stack([result[index][0] for result in results])
            for index in range(len(results[0]))]


class Case:
    def __init__(self, octet, folder, count, name):
        module, self.shape = NETWORKS[name]
        torch.manual_seed(1)
        module = module().eval()
        for part in module.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(part.running_mean, -0.2, 0.2)
                torch.nn.init.uniform_(part.running_var, 0.5, 1.5)
                torch.nn.init.uniform_(part.weight, 0.7, 1.3)
                torch.nn.init.uniform_(part.bias, -0.2, 0.2)
        random = np.random.default_rng(1)
        if self.shape[1] > 64:
            count = max(8, count // 4)
        self.seen = pictures(random, count, self.shape)
        self.samples = pictures(random, count, self.shape)
        self.octet, self.folder = octet, folder
        self.model = folder / "model.onnx"
        with contextlib.redirect_stdout(io.StringIO()):
            torch.onnx.export(module, (torch.from_numpy(self.samples[:1]),), str(self.model),
                              dynamo=False, opset_version=17, input_names=["x"])
        images_last(self.seen).astype("<f4").tofile(folder / "calibration.raw")
        self.real = run(self.model, self.samples)

    def ours(self, *options):
        """The ratios, and the seconds that `octet quantize` took."""
        blob = self.folder / "model.oct"
        start = time.perf_counter()
        self.octet("quantize", self.model, "--raw-input", self.folder / "calibration.raw", "-o",
                   blob, *options)
        seconds = time.perf_counter() - start
        rows = self.octet.reals(blob, images_last(self.samples)).reshape(len(self.samples), -1)
        ratios, start = [], 0
        for real in self.real:
            value = images_last(real).reshape(len(rows), -1)
            ratios.append(noise_ratio(rows[:, start:start + value.shape[1]], value))
            start += value.shape[1]
        return ratios, seconds

    def theirs(self, method):
        source, target = self.folder / "prepared.onnx", self.folder / "qdq.onnx"
        quant_pre_process(str(self.model), str(source), skip_symbolic_shape=True)
        with contextlib.redirect_stdout(io.StringIO()):
            quantization.quantize_static(
                str(source), str(target), calibration(self.seen), per_channel=True,
                quant_format=quantization.QuantFormat.QDQ,
                activation_type=quantization.QuantType.QInt8,
                weight_type=quantization.QuantType.QInt8,
                calibrate_method=getattr(quantization.CalibrationMethod, method))
        return [noise_ratio(a, b) for a, b in zip(run(target, self.samples), self.real)]


def add_arguments(parser):
    add_octet(parser)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--methods", default=",".join(THEIRS), help="of ONNX Runtime")
    parser.add_argument("--calibrators", default=",".join(CALIBRATORS), help="of Octet, by name")
    parser.add_argument("names", nargs="*", default=list(NETWORKS), metavar="NAME")


def main(arguments):
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    onnxruntime.set_default_logger_severity(4)
    named = [name for name in arguments.calibrators.split(",") if name]
    methods = [name for name in arguments.methods.split(",") if name]
    columns = [*named, *methods]
    print(f"{'output':26}{'octet':>7}" + "".join(f"{name:>11}" for name in columns)
          + f"{'ahead':>7}{'s':>7}")
    sound = True
    for name in arguments.names:
        with tempfile.TemporaryDirectory() as folder:
            try:
                case = Case(arguments.octet, pathlib.Path(folder), arguments.samples, name)
                default, seconds = case.ours()
                others = [case.ours("--calibrator", option)[0] for option in named]
                theirs = [case.theirs(method) for method in methods]
            except OctetError as error:
                print(f"{name}: {error}", flush=True)
                sound = False
                continue
        for index, ratio in enumerate(default):
            label = name if len(default) == 1 else f"{name}.{index}"
            best = max((ratios[index] for ratios in theirs), default=-np.inf)
            sound &= ratio >= best
            print(f"{label:26}{ratio:7.1f}"
                  + "".join(f"{ratios[index]:11.1f}" for ratios in others + theirs)
                  + f"{ratio - best:7.1f}{seconds:7.1f}", flush=True)
    return sound
