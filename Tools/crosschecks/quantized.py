"""Quantizes the float models of MLPerf Tiny with Octet and compares them with the float models, and
with the int8 models that MLCommons published.

    Tools/crosscheck quantized [--data FOLDER]

Keywords: the labelled golden inputs. ResNet-8: Fashion-MNIST images in random colours on random
backgrounds, no CIFAR-10 being here; their classes mean nothing, so each model's classes are
compared with the float model's. Autoencoder: the golden inputs and the anomaly score, the mean
square of input less output. Float and published int8 models run in LiteRT. Exit status 1 when
Octet's int8 loses more than 0.5 points of the keywords, or is further from the float model than
the published one.
"""

import pathlib
import tempfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from support import files
from support.octet import add_data, add_octet


class Lite:
    """A TFLite model on real values."""

    def __init__(self, path):
        self.interpreter = Interpreter(str(path))
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]

    def real(self, codes):
        scale, zero = self.input["quantization"]
        return (codes.astype(np.float32) - zero) * np.float32(scale)

    def run(self, samples):
        results = []
        for sample in samples:
            if self.input["dtype"] == np.int8:
                scale, zero = self.input["quantization"]
                sample = np.clip(np.round(sample / scale + zero), -128, 127).astype(np.int8)
            self.interpreter.set_tensor(
                self.input["index"], sample.reshape(self.input["shape"]))
            self.interpreter.invoke()
            output = self.interpreter.get_tensor(self.output["index"])[0].copy()
            if output.dtype == np.int8:
                scale, zero = self.output["quantization"]
                output = (output.astype(np.float32) - zero) * np.float32(scale)
            results.append(output)
        return np.array(results)


def octet_int8(octet, model, calibration, samples, output_count):
    """The real outputs of Octet's int8 model."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        calibration.astype("<f4").tofile(folder / "calibration.raw")
        octet("quantize", model, "--raw-input", folder / "calibration.raw", "-o", folder / "m.oct")
        return octet.reals(folder / "m.oct", samples).reshape(len(samples), output_count)


def coloured(images, random):
    """28×28 gray images as 32×32 RGB, 0…255: a colour on a background that darkens upwards."""
    masks = np.pad(images, ((0, 0), (2, 2), (2, 2)))[..., None].astype(np.float32) / 255
    fore = random.uniform(30, 255, (len(images), 1, 1, 3))
    back = random.uniform(0, 220, (len(images), 1, 1, 3))
    shade = np.linspace(0.6, 1, 32)[None, :, None, None]
    return np.floor(masks * fore + (1 - masks) * back * shade).astype(np.float32)


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)
    parser.add_argument("--images", type=int, default=2000, help="for ResNet-8")


def main(arguments):
    models = arguments.data / "models/mlperf_tiny"
    golden = arguments.data / "golden"
    failed = False

    def golden_inputs(name):
        published = Lite(models / f"{name}.tflite")
        codes = files.codes(golden / f"{name}.input.bin.gz")
        return published, published.real(codes.reshape(-1, *published.input["shape"][1:]))

    published, samples = golden_inputs("kws_ref_model")
    labels = np.fromfile(golden / "kws_ref_model.labels.bin", np.uint8)
    path = models / "kws_ref_model_float32.tflite"
    real = Lite(path).run(samples)
    ours = octet_int8(arguments.octet, path, samples[:100], samples, real.shape[1])
    right = [int((x.argmax(1) == labels).sum()) for x in (real, ours, published.run(samples))]
    print(f"keywords right, of {len(labels)}: float {right[0]}, Octet int8 {right[1]}, "
          f"published int8 {right[2]}")
    failed |= right[1] < right[0] - 0.005 * len(labels)

    random = np.random.default_rng(1)
    images, _ = files.pictures(arguments.data / "fashion_mnist")
    images = coloured(images[:arguments.images + 500], random)
    calibration, samples = images[:500], images[500:]
    path = models / "pretrainedResnet.tflite"
    real = Lite(path).run(samples)
    ours = octet_int8(arguments.octet, path, calibration, samples, real.shape[1])
    theirs = Lite(models / "pretrainedResnet_quant.tflite").run(samples)
    alike = [float((x.argmax(1) == real.argmax(1)).mean()) for x in (ours, theirs)]
    print(f"ResNet-8, classes as in float, of {len(samples)} images: Octet int8 {alike[0]:.2%}, "
          f"published int8 {alike[1]:.2%}")
    failed |= alike[0] < alike[1]

    published, samples = golden_inputs("ad01_int8")
    path = models / "ad01_fp32.tflite"
    half = len(samples) // 2
    calibration, samples = samples[:half], samples[half:]
    real = Lite(path).run(samples)
    ours = octet_int8(arguments.octet, path, calibration, samples, real.shape[1])
    theirs = published.run(samples)
    score = [((x - samples.reshape(len(samples), -1)) ** 2).mean(1) for x in (real, ours, theirs)]
    errors = [float(np.abs(x / score[0] - 1).max()) for x in score[1:]]
    print(f"autoencoder, anomaly score's largest error on {len(samples)} inputs: Octet int8 "
          f"{errors[0]:.2%}, published int8 {errors[1]:.2%}")
    failed |= errors[0] > max(errors[1], 0.005)
    return not failed
