"""How long `octet diff` takes, and how much memory: ResNet-8 over 10,000 images of 32×32 with
every metric, and a MobileNetV2 at 224×224 over 1,000, on two threads.

    Tools/benchmark diff [--images 10000 1000]

The weights of MobileNetV2 and all images are made up, which costs as much time as real ones. Each
is also run on a tenth of its images: memory is bounded by the model, not by the samples.
"""

import os
import pathlib
import subprocess
import tempfile
import time

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

from support.octet import add_data, add_octet

TARGETS = {"ResNet-8": 20, "MobileNetV2": 120}


class Network:
    """Nodes and constants of a float network, of which each layer reads the one before it."""

    def __init__(self, seed):
        self.random = numpy.random.default_rng(seed)
        self.nodes, self.constants, self.last, self.channels = [], [], "x", 3

    def constant(self, values):
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values.astype(numpy.float32), name))
        return name

    def add(self, operation, inputs, **attributes):
        name = f"{operation.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [name], name=name, **attributes))
        self.last = name
        return name

    def convolution(self, count, size, stride=1, groups=1, isClipped=True):
        inner = self.channels // groups * size * size
        weights = self.random.normal(0, (2 / inner) ** 0.5,
                                     (count, self.channels // groups, size, size))
        self.add("Conv", [self.last, self.constant(weights), self.constant(numpy.zeros(count))],
                 kernel_shape=[size] * 2, strides=[stride] * 2, pads=[size // 2] * 4, group=groups)
        self.channels = count
        if isClipped:
            self.add("Clip", [self.last, self.constant(numpy.float32(0)),
                              self.constant(numpy.float32(6))])

    def model(self, shape, classes):
        graph = helper.make_graph(
            self.nodes, "network",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(self.last, TensorProto.FLOAT, [1, classes])],
            self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        return model


def mobilenet():
    network = Network(1)
    network.convolution(32, 3, 2)
    for factor, count, repeats, stride in (
            (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
            (6, 160, 3, 2), (6, 320, 1, 1)):
        for turn in range(repeats):
            source, before = network.last, network.channels
            step = stride if turn == 0 else 1
            if factor > 1:
                network.convolution(before * factor, 1)
            network.convolution(before * factor, 3, step, groups=before * factor)
            network.convolution(count, 1, isClipped=False)
            if step == 1 and before == count:
                network.add("Add", [source, network.last])
    network.convolution(1280, 1)
    network.add("GlobalAveragePool", [network.last])
    network.add("Flatten", [network.last])
    weights = network.random.normal(0, 1280 ** -0.5, (1000, 1280))
    network.add("Gemm", [network.last, network.constant(weights),
                         network.constant(numpy.zeros(1000))], transB=1)
    return network.model([1, 3, 224, 224], 1000)


def images(path, count, size, scale):
    """Coarse patches with noise, channels last, written one after the other."""
    random = numpy.random.default_rng(2)
    array = numpy.lib.format.open_memmap(path, "w+", numpy.float32, (count, size, size, 3))
    coarse = -(-size // 8)
    for index in range(count):
        picture = random.random((coarse, coarse, 3)).repeat(8, 0).repeat(8, 1)[:size, :size]
        array[index] = scale * numpy.clip(picture + random.normal(0, 0.05, picture.shape), 0, 1)
    array.flush()


def measured(command):
    """Seconds, seconds of work, and the most memory in MiB."""
    start = time.perf_counter()
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(map(str, command))}: status {status >> 8}")
    return (time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)
    parser.add_argument("--images", type=int, nargs=2, default=[10_000, 1_000])


def main(arguments):
    octet = arguments.octet
    octet.build()
    tiny = arguments.data / "models/mlperf_tiny"
    print("| Network | images | seconds | seconds of work, over two | target | MiB "
          "| MiB with a tenth |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        onnx.save(mobilenet(), folder / "mobilenet.onnx")
        cases = (
            ("ResNet-8", tiny / "pretrainedResnet.tflite", tiny / "pretrainedResnet_quant.tflite",
             32, 255),
            ("MobileNetV2", folder / "mobilenet.onnx", folder / "mobilenet.oct", 224, 1))
        for (title, given, own, size, scale), count in zip(cases, arguments.images):
            samples, labels = folder / f"{title}.npy", folder / f"{title}.txt"
            images(samples, count, size, scale)
            if not own.exists():
                images(folder / "calibration.npy", 16, size, scale)
                raw = folder / "calibration.raw"
                numpy.load(folder / "calibration.npy").tofile(raw)
                octet("quantize", given, "--raw-input", raw, "-o", own)
            classes = numpy.random.default_rng(3).integers(0, 10, count)
            labels.write_text("\n".join(map(str, classes)))
            command = [octet.path, "diff", given, own, "--raw-input", samples, "--labels", labels,
                       "--threads", 2, "--json", "--quiet"]
            few = measured([*command, "--samples", max(count // 10, 1)])
            seconds, work, memory = measured(command)
            print(f"| {title} | {count} | {seconds:.1f} | {work / 2:.1f} | {TARGETS[title]} "
                  f"| {memory:.0f} | {few[2]:.0f} |", flush=True)
            samples.unlink()
    print(f"load {os.getloadavg()[0]:.1f}")
