"""Float evaluation of MNIST's 10,000 test images on two threads: Octet's evaluator, as `octet
train` reports it, beside ONNX Runtime on the same file and LiteRT on a LeNet of the same layers,
each at the batch that suits it best.

    Tools/benchmark evaluate-float [--data FOLDER] [--rounds 3]
"""

import json
import statistics
import tempfile
import time

import numpy
from ai_edge_litert.interpreter import Interpreter

from benchmarks import any_batch
from support import files
from support.octet import add_data, add_octet
from support.peers import session

BATCHES = (1, 16, 64, 256, 1000, 10000)


def fastest(data, prepare):
    """Images a second at the best of the batches; `prepare(batch)` gives what runs one."""
    best = (0, 0)
    for batch in BATCHES:
        run = prepare(batch)
        for _ in range(3):
            start = time.perf_counter()
            for first in range(0, len(data), batch):
                run(data[first:first + batch])
            best = max(best, (len(data) / (time.perf_counter() - start), batch))
    return best


def onnx_runtime(path):
    peer = session(path, threads=2)
    name = peer.get_inputs()[0].name
    return lambda batch: lambda part: peer.run(None, {name: part[:, None]})


def lite(path):
    model = any_batch.tflite(path)

    def prepare(batch):
        interpreter = Interpreter(model_content=model, num_threads=2)
        details = interpreter.get_input_details()[0]
        interpreter.resize_tensor_input(details["index"], [batch, 28, 28, 1])
        interpreter.allocate_tensors()
        output = interpreter.get_output_details()[0]["index"]

        def run(part):
            # The last part may be short of a batch.
            whole = numpy.zeros((batch, 28, 28, 1), numpy.float32)
            whole[:len(part), ..., 0] = part
            interpreter.set_tensor(details["index"], whole)
            interpreter.invoke()
            interpreter.get_tensor(output)
        return run
    return prepare


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)
    parser.add_argument("--rounds", type=int, default=3)


def main(arguments):
    folder = arguments.data / "mnist"
    data = files.pictures(folder)[0].astype(numpy.float32) / 255
    rounds = {"octet": [], "onnxRuntime": [], "liteRT": []}
    with tempfile.TemporaryDirectory() as work:
        path = f"{work}/lenet.onnx"
        for _ in range(arguments.rounds):
            report = arguments.octet.json(
                "train", "--data", folder, "--epochs", 1, "--threads", 2, "-o", path)
            rounds["octet"].append((report["testImagesPerSecond"], None))
            rounds["onnxRuntime"].append(fastest(data, onnx_runtime(path)))
            rounds["liteRT"].append(fastest(data, lite(
                arguments.data / "models/lenet/lenet_mnist_float32.tflite")))
    ours = statistics.median(speed for speed, _ in rounds["octet"])
    result = {"octet": {"imagesPerSecond": round(ours)}}
    for name in ("onnxRuntime", "liteRT"):
        speed, batch = max(rounds[name])
        median = statistics.median(speed for speed, _ in rounds[name])
        result[name] = {
            "imagesPerSecond": round(median), "bestBatch": batch, "ratio": round(ours / median, 2)}
    print(json.dumps(result, indent=2))
