"""Training speed of Octet and PyTorch on the same LeNet, side by side.

Both train the same network on the same images (Adam, batch 64, the same number of threads) in
turns, one epoch each, so that whatever else the machine does falls on both. Prints one JSON object
with the medians and their ratio.

    Tools/benchmark train-lenet [--data FOLDER] [--threads 2] [--rounds 3]
"""

import json
import statistics
import tempfile
import time

import numpy
import torch
from torch import nn

from support import files
from support.octet import add_data, add_octet


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


class PyTorch:
    def __init__(self, data, threads, batch_size, count):
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        pixels, labels = files.pictures(data, "train")
        self.images = torch.tensor(pixels[:count, None].astype(numpy.float32) / 255)
        self.labels = torch.tensor(labels[:count].astype(numpy.int64))
        self.batch_size = batch_size
        self.model = lenet()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)

    def images_per_second(self):
        """One epoch. The images are in memory as floats already; only steps are timed."""
        loss = nn.CrossEntropyLoss()
        start = time.perf_counter()
        order = torch.randperm(len(self.images))
        for first in range(0, len(order), self.batch_size):
            batch = order[first:first + self.batch_size]
            self.optimizer.zero_grad()
            loss(self.model(self.images[batch]), self.labels[batch]).backward()
            self.optimizer.step()
        return len(order) / (time.perf_counter() - start)


def octet_images_per_second(arguments):
    with tempfile.TemporaryDirectory() as folder:
        report = arguments.octet.json(
            "train", "--arch", "lenet", "--data", arguments.data / "mnist", "--epochs", 1,
            "--batch-size", arguments.batch_size, "--seed", 1, "--threads", arguments.threads,
            "-o", f"{folder}/m.onnx")
    return report["epochs"][0]["imagesPerSecond"]


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)


def compare(arguments):
    peer = PyTorch(arguments.data / "mnist", arguments.threads, arguments.batch_size, 55_000)
    octet, torch_figures = [], []
    for _ in range(arguments.rounds):
        octet.append(octet_images_per_second(arguments))
        torch_figures.append(peer.images_per_second())
    return {
        "threads": arguments.threads,
        "batchSize": arguments.batch_size,
        "peer": "PyTorch " + torch.__version__,
        "octetImagesPerSecond": [round(value) for value in octet],
        "peerImagesPerSecond": [round(value) for value in torch_figures],
        "ratio": round(statistics.median(octet) / statistics.median(torch_figures), 2),
    }


def main(arguments):
    print(json.dumps(compare(arguments), indent=2))
