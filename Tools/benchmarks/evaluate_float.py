"""Float evaluation of MNIST's 10,000 test images on two threads: Octet's evaluator, as `octet
train` reports it, beside ONNX Runtime on the same file and LiteRT on a LeNet of the same layers,
each at the batch that suits it best.

    evaluate_float.py --octet .build/release/octet --data ../shared/data [--rounds 3]
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import tempfile
import time

import any_batch
import numpy
import onnxruntime
from ai_edge_litert.interpreter import Interpreter

BATCHES = (1, 16, 64, 256, 1000, 10000)


def images(folder):
    with gzip.open(os.path.join(folder, "t10k-images-idx3-ubyte.gz")) as file:
        pixels = numpy.frombuffer(file.read()[16:], numpy.uint8)
    return pixels.reshape(-1, 28, 28).astype(numpy.float32) / 255


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
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(path, options)
    name = session.get_inputs()[0].name
    return lambda batch: lambda part: session.run(None, {name: part[:, None]})


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--octet", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    folder = os.path.join(arguments.data, "mnist")
    data = images(folder)
    rounds = {"octet": [], "onnxRuntime": [], "liteRT": []}
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "lenet.onnx")
        for _ in range(arguments.rounds):
            report = subprocess.run(
                [arguments.octet, "train", "--data", folder, "--epochs", "1", "--threads", "2",
                 "-o", path, "--json", "--quiet"], check=True, capture_output=True)
            rounds["octet"].append((json.loads(report.stdout)["testImagesPerSecond"], None))
            rounds["onnxRuntime"].append(fastest(data, onnx_runtime(path)))
            rounds["liteRT"].append(fastest(data, lite(
                os.path.join(arguments.data, "models/lenet/lenet_mnist_float32.tflite"))))
    ours = statistics.median(speed for speed, _ in rounds["octet"])
    result = {"octet": {"imagesPerSecond": round(ours)}}
    for name in ("onnxRuntime", "liteRT"):
        speed, batch = max(rounds[name])
        median = statistics.median(speed for speed, _ in rounds[name])
        result[name] = {
            "imagesPerSecond": round(median), "bestBatch": batch, "ratio": round(ours / median, 2)}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
