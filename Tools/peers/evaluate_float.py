"""Float evaluation of MNIST's 10,000 test images on two threads: Octet's evaluator, as `octet
train` reports it, beside ONNX Runtime on the same file at the batch that suits it best.

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

import numpy
import onnxruntime

parser = argparse.ArgumentParser()
parser.add_argument("--octet", required=True)
parser.add_argument("--data", required=True)
parser.add_argument("--rounds", type=int, default=3)
arguments = parser.parse_args()

folder = os.path.join(arguments.data, "mnist")
with gzip.open(os.path.join(folder, "t10k-images-idx3-ubyte.gz")) as file:
    pixels = numpy.frombuffer(file.read()[16:], numpy.uint8)
images = pixels.reshape(-1, 1, 28, 28).astype(numpy.float32) / 255


def peer(path):
    """Images a second at the best of four batch sizes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(path, options)
    name = session.get_inputs()[0].name
    best = 0
    for batch in (64, 256, 1000, 10000):
        for _ in range(3):
            start = time.perf_counter()
            for first in range(0, len(images), batch):
                session.run(None, {name: images[first:first + batch]})
            best = max(best, len(images) / (time.perf_counter() - start))
    return best


ours, theirs = [], []
with tempfile.TemporaryDirectory() as work:
    path = os.path.join(work, "lenet.onnx")
    for _ in range(arguments.rounds):
        report = subprocess.run(
            [arguments.octet, "train", "--data", folder, "--epochs", "1", "--threads", "2",
             "-o", path, "--json", "--quiet"], check=True, capture_output=True)
        ours.append(json.loads(report.stdout)["testImagesPerSecond"])
        theirs.append(peer(path))
print(json.dumps({
    "octetImagesPerSecond": [round(value) for value in ours],
    "onnxRuntimeImagesPerSecond": [round(value) for value in theirs],
    "ratio": round(statistics.median(ours) / statistics.median(theirs), 2),
}, indent=2))
