"""Networks of torchvision with random weights, at 224×224: imported, quantized by Octet and by ONNX
Runtime, and what ONNX Runtime quantized imported by Octet.

    Tools/crosscheck torchvision [NAME...]

Prints for each network the seconds of `octet import`, how far the imported float model's outputs
are from ONNX Runtime's (of the largest output; at most 1e-4), and the signal to quantization noise
ratio in dB, against the float model, of the outputs of 8 smooth random pictures: of `octet
quantize` and of ONNX Runtime's quantize_static (QDQ, int8, by channel), both calibrated on 8 other
pictures, and of the latter's file imported into a blob. Exit status 1 when something is refused,
differs, or the import loses more than 0.5 dB.
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
import torchvision
from onnxruntime import quantization

from support.octet import OctetError, add_octet
from support.peers import calibration, images_last, noise_ratio, session

NETWORKS = ["mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "mnasnet0_5", "squeezenet1_1",
            "shufflenet_v2_x0_5", "resnet18", "regnet_x_400mf", "googlenet", "densenet121"]
SIZE = 224


def network(name):
    """With statistics in its batch normalizations, as if it were trained."""
    torch.manual_seed(1)
    model = torchvision.models.get_model(name, weights=None).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.7, 1.3)
            torch.nn.init.uniform_(module.bias, -0.2, 0.2)
    return model


def pictures(random, count):
    """Random patches of 28 pixels, smoothed, with a little noise: [count, 3, 224, 224]."""
    images = random.standard_normal((count, 3, 8, 8)).repeat(SIZE // 8, 2).repeat(SIZE // 8, 3)
    for axis in (2, 3):
        images = np.apply_along_axis(
            lambda line: np.convolve(line, np.full(9, 1 / 9), "same"), axis, images)
    return (images + 0.1 * random.standard_normal(images.shape)).astype(np.float32)


def run(path, images):
    peer = session(path)
    port = peer.get_inputs()[0]
    return np.concatenate([
        peer.run(None, {port.name: image.reshape(1, *port.shape[1:])})[0].reshape(1, -1)
        for image in images])


class Case:
    def __init__(self, octet, folder, seen, samples):
        self.octet, self.folder = octet, folder
        self.seen, self.samples = seen, samples
        images_last(seen).astype("<f4").tofile(folder / "calibration.raw")

    def seconds(self, *words):
        start = time.perf_counter()
        self.octet(*words)
        return time.perf_counter() - start

    def int8(self, blob, count):
        return self.octet.reals(blob, images_last(self.samples)).reshape(len(self.samples), count)

    def measure(self, name):
        model, ours = self.folder / "model.onnx", self.folder / "ours.onnx"
        with contextlib.redirect_stdout(io.StringIO()):
            torch.onnx.export(network(name), (torch.rand(1, 3, SIZE, SIZE),), str(model),
                              dynamo=False, opset_version=17, input_names=["x"])
        seconds = self.seconds("import", model, "-o", ours)
        real = run(model, self.samples)
        apart = np.abs(run(ours, self.samples) - real).max() / np.abs(real).max()
        blob, file = self.folder / "model.oct", self.folder / "qdq.onnx"
        took = self.seconds(
            "quantize", model, "--raw-input", self.folder / "calibration.raw", "-o", blob)
        octet = noise_ratio(self.int8(blob, real.shape[1]), real)
        quantization.quantize_static(
            str(model), str(file), calibration(self.seen), per_channel=True,
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8)
        theirs = noise_ratio(run(file, self.samples), real)
        self.octet("import", file, "-o", blob)
        imported = noise_ratio(self.int8(blob, real.shape[1]), real)
        print(f"{name:20} {seconds:7.1f} {apart:8.1e} {took:9.1f} {octet:7.1f} {theirs:7.1f} "
              f"{imported:9.1f}", flush=True)
        return apart <= 1e-4 and imported >= theirs - 0.5


def add_arguments(parser):
    parser.add_argument("names", nargs="*", default=NETWORKS, metavar="NAME")
    add_octet(parser)


def main(arguments):
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    onnxruntime.set_default_logger_severity(4)
    random = np.random.default_rng(1)
    seen, samples = pictures(random, 8), pictures(random, 8)
    print(f"{'network':20} import s    apart quantize s  Octet     ORT  imported")
    sound = True
    for name in arguments.names:
        with tempfile.TemporaryDirectory() as folder:
            try:
                case = Case(arguments.octet, pathlib.Path(folder), seen, samples)
                sound &= case.measure(name)
            except OctetError as error:
                print(f"{name}: {error}", flush=True)
                sound = False
    return sound
