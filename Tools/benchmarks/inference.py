"""Inference of Octet and its peers, interleaved in one process.

    Tools/benchmark inference [--data FOLDER] [--json FILE] [--markdown FILE] [--models NAME,…]
                              [--rounds N] [--train] [--evaluate]

Every runtime gets the same random int8 input, one image at a time, one thread. In each round each
runtime is timed once, for about half a millisecond, so that whatever else the machine does falls on
all; what is counted is the thread's processor time. A ratio is the median over the rounds of
(peer's time / Octet's time) within a round; its spread is the range from the 10th to the 90th
percentile.
All are called from Python, a call for an inference, and pay for that; "own" is Octet's time without
Python.
"""

import ctypes
import functools
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

from benchmarks import runtimes, train_lenet
from support.octet import add_data, add_octet
from support.program import ROOT


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", help="write all figures there")
    parser.add_argument("--markdown", help="write the tables there as well")
    parser.add_argument("--train", action="store_true", help="training against PyTorch as well")
    parser.add_argument("--evaluate", action="store_true", help="10,000 images as well")
    # What is counted as one epoch of training.
    parser.set_defaults(threads=2, batch_size=64)


# Name: int8 TFLite, and the same network as quantized ONNX where there is one.
MODELS = {
    "LeNet": ("lenet/lenet_mnist_int8.tflite", "lenet/lenet_mnist_pytorch_qdq.onnx"),
    "ResNet-8": ("mlperf_tiny/pretrainedResnet_quant.tflite", None),
    "DS-CNN KWS": ("mlperf_tiny/kws_ref_model.tflite", None),
    "MobileNet VWW": ("tflm/person_detect.tflite", None),
    "Autoencoder AD": ("mlperf_tiny/ad01_int8.tflite", None),
}


BACKENDS = ("avx512vnni", "avx2", "portable")


def built_library(folder):
    """The runtime with the functions of Octet.swift, as a shared library in the folder."""
    include = ["-I", "Sources/COctetKernels/include"]
    objects = []
    for source in sorted((ROOT / "Sources/COctetKernels").glob("*.c")):
        objects.append(folder / f"{source.name}.o")
        subprocess.run(["clang", "-O2", "-fPIC", *include, "-c", source, "-o", objects[-1]],
                       cwd=ROOT, check=True)
    library = folder / "liboctet-peer.so"
    sources = sorted((ROOT / "Sources/OctetRuntime").rglob("*.swift"))
    subprocess.run(
        ["swiftc", "-O", "-wmo", "-swift-version", "6", "-enable-experimental-feature",
         "Lifetimes", "-package-name", "octet",
         "-parse-as-library", "-module-name", "OctetPeer", *include, "-static-stdlib",
         "-emit-library", *sources, pathlib.Path(__file__).with_name("Octet.swift"), *objects,
         "-o", library], cwd=ROOT, check=True)
    return str(library)


class Octet:
    """One backend of the runtime, through the shared library."""

    def __init__(self, library, blob, backend):
        self.name = "Octet " + backend
        self.library = library
        # PyDLL keeps the interpreter's lock, as the peers' calls may not; it is the cheaper call.
        functions = ctypes.PyDLL(library)
        functions.octet_peer_open.restype = ctypes.c_void_p
        functions.octet_peer_input.restype = ctypes.c_void_p
        functions.octet_peer_output.restype = ctypes.c_void_p
        functions.octet_peer_run.argtypes = [ctypes.c_void_p]
        functions.octet_peer_run.restype = None
        functions.octet_peer_time.restype = ctypes.c_ssize_t
        functions.octet_peer_passes_self_test.restype = ctypes.c_bool
        handle = functions.octet_peer_open(blob, ctypes.c_ssize_t(len(blob)), backend.encode())
        if not handle:
            raise RuntimeError(self.name + " is not available")
        self.functions, self.handle = functions, ctypes.c_void_p(handle)
        self.invoke = functools.partial(functions.octet_peer_run, self.handle)

    def set_input(self, values):
        self.values = numpy.ascontiguousarray(values)
        target = self.functions.octet_peer_input(self.handle)
        ctypes.memmove(target, self.values.ctypes.data, self.values.nbytes)

    def output(self, count):
        self.set_input(self.values)
        self.invoke()
        address = self.functions.octet_peer_output(self.handle)
        return numpy.frombuffer(ctypes.string_at(address, count), numpy.int8)

    def evaluate(self, images):
        """Runs them all; other threads run meanwhile."""
        images = numpy.ascontiguousarray(images)
        results = numpy.empty((len(images), 64), numpy.int8)
        functions = ctypes.CDLL(self.library)
        functions.octet_peer_evaluate(
            self.handle, ctypes.c_void_p(images.ctypes.data), ctypes.c_ssize_t(len(images)),
            ctypes.c_void_p(results.ctypes.data))
        return results

    def own_microseconds(self, count):
        """Of a run, without Python, the input's copy included."""
        return self.loop_microseconds(ctypes.c_void_p(self.values.ctypes.data), count)

    def bare_microseconds(self, count):
        """The same on whatever the arena holds."""
        return self.loop_microseconds(None, count)

    def loop_microseconds(self, values, count):
        nanoseconds = self.functions.octet_peer_time(self.handle, values, ctypes.c_ssize_t(count))
        return nanoseconds / count / 1000

    def passes_self_test(self):
        return self.functions.octet_peer_passes_self_test(self.handle)


def microseconds(invoke, count):
    calls = range(count)
    start = time.thread_time_ns()
    for _ in calls:
        invoke()
    return (time.thread_time_ns() - start) / count / 1000


def measure(runtimes, rounds, milliseconds=0.5):
    """Each runtime's times by round."""
    counts = []
    for runtime in runtimes:
        microseconds(runtime.invoke, 20)
        once = min(microseconds(runtime.invoke, 5) for _ in range(5))
        counts.append(max(1, int(milliseconds * 1000 / once)))
    times = [[] for _ in runtimes]
    for _ in range(rounds):
        for runtime, count, list_ in zip(runtimes, counts, times):
            microseconds(runtime.invoke, 1)  # Its code and data back in the caches.
            list_.append(microseconds(runtime.invoke, count))
    return times


def percentile(values, fraction):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


def imported(arguments, tflite, folder):
    """The blob of a TFLite model."""
    target = folder / "model.oct"
    arguments.octet("import", arguments.data / "models" / tflite, "-o", target)
    return target.read_bytes()


def best_octet(library, blob):
    for backend in BACKENDS:
        try:
            return Octet(library, blob, backend)
        except RuntimeError:
            continue
    raise RuntimeError("no backend is available")


def compare(name, arguments, folder):
    tflite, onnx = MODELS[name]
    path = arguments.data / "models" / tflite
    if not path.exists():
        print(f"{name}: no file {path}, skipped", file=sys.stderr)
        return None
    blob = imported(arguments, tflite, folder)
    octets = []
    for backend in BACKENDS:
        try:
            octets.append(Octet(arguments.library, blob, backend))
        except RuntimeError as error:
            print(f"{name}: {error}", file=sys.stderr)
    others = runtimes.for_model(str(path), onnx and str(arguments.data / "models" / onnx))
    shape = others[0].input_shape
    values = numpy.random.default_rng(1).integers(-128, 128, shape, numpy.int8)
    for runtime in octets + others:
        runtime.set_input(values)
    # The reference: every backend must give TFLM's bytes.
    micro = next(peer for peer in others if peer.name.startswith("TFLM"))
    expected = micro.output()
    same = all(numpy.array_equal(o.output(expected.size), expected.ravel()) for o in octets)
    contestants = octets + others
    times = measure(contestants, arguments.rounds)
    own = [min(o.own_microseconds(50) for _ in range(arguments.rounds)) for o in octets]
    rows = []
    for index, (runtime, list_) in enumerate(zip(contestants, times)):
        ratios = [theirs / ours for theirs, ours in zip(list_, times[0])]
        rows.append({
            "runtime": runtime.name,
            "medianMicroseconds": round(statistics.median(list_), 3),
            "leastMicroseconds": round(min(list_), 3),
            "ownMicroseconds": round(own[index], 3) if index < len(own) else None,
            "ratio": round(statistics.median(ratios), 3),
            "ratioSpread": [round(percentile(ratios, 0.1), 3), round(percentile(ratios, 0.9), 3)],
        })
    return {"model": name, "file": tflite, "bytesEqualTFLM": bool(same), "runtimes": rows}


def machine():
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            lines = (line for line in file if line.startswith("model name"))
            name = next(lines).split(":")[1].strip()
    except (OSError, StopIteration):
        pass
    return {
        "processor": name, "cores": os.cpu_count(), "system": platform.platform(),
        "load": [round(value, 1) for value in os.getloadavg()]}


def markdown(report):
    first = report["machine"]
    lines = [
        f"{first['processor']}, {first['cores']} cores, {first['system']}, load "
        f"{first['load'][0]}; one thread, one image at a time, {report['rounds']} rounds.", ""]
    for model in report["models"]:
        same = "equal TFLM's" if model["bytesEqualTFLM"] else "DIFFER from TFLM's"
        lines += [
            f"**{model['model']}** (`{model['file']}`; Octet's bytes {same})", "",
            "| Runtime | median µs | least µs | own µs | × the first | 10…90 % |",
            "|---|--:|--:|--:|--:|--:|"]
        for row in model["runtimes"]:
            own = row["ownMicroseconds"]
            lines.append(
                f"| {row['runtime']} | {row['medianMicroseconds']:.2f} "
                f"| {row['leastMicroseconds']:.2f} | {'' if own is None else f'{own:.2f}'} "
                f"| {row['ratio']:.2f} "
                f"| {row['ratioSpread'][0]:.2f}…{row['ratioSpread'][1]:.2f} |")
        lines.append("")
    for section in ("training", "evaluation"):
        if section in report:
            lines += [f"**{section.capitalize()}**", "", "```json",
                      json.dumps(report[section], indent=2), "```", ""]
    return "\n".join(lines)


def main(arguments):
    report = {"machine": machine(), "rounds": arguments.rounds, "versions": runtimes.versions(),
              "models": []}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        arguments.octet.build()
        arguments.library = built_library(folder)
        for name in arguments.models.split(","):
            figures = compare(name, arguments, folder)
            if figures:
                report["models"].append(figures)
        if arguments.evaluate:
            blob = imported(arguments, MODELS["LeNet"][0], folder)
            runners = [best_octet(arguments.library, blob) for _ in range(2)]
            report["evaluation"] = runtimes.evaluate(runners, arguments.data)
    if arguments.train:
        arguments.rounds = 3
        report["training"] = train_lenet.compare(arguments)
    text = markdown(report)
    print(text)
    if arguments.markdown:
        with open(arguments.markdown, "w") as file:
            file.write(text)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(report, file, indent=2)
