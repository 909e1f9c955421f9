#!/usr/bin/env python3
"""Training speed of Octet and PyTorch on the same LeNet, side by side.

Both train the same network on the same images (Adam, batch 64, the same number of threads) in
turns, one epoch each, so that whatever else the machine does falls on both. Prints one JSON object
with the medians and their ratio.

    swift build -c release
    python3 Tools/peers/train_lenet.py --data ../shared/data/mnist --threads 2 --rounds 3

Needs torch and numpy (2.15.0 and 2.4.6 are what the README's figures were made with).
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
import torch
from torch import nn


def read_idx(folder, name, header):
    path = os.path.join(folder, name)
    opener = gzip.open if not os.path.exists(path) else open
    with opener(path if opener is open else path + ".gz", "rb") as file:
        return numpy.frombuffer(file.read(), numpy.uint8, offset=header)


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


class PyTorch:
    def __init__(self, data, threads, batch_size, count):
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        pixels = read_idx(data, "train-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)[:count]
        labels = read_idx(data, "train-labels-idx1-ubyte", 8)[:count]
        self.images = torch.tensor(pixels.astype(numpy.float32) / 255)
        self.labels = torch.tensor(labels.astype(numpy.int64))
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
        command = [
            *arguments.octet, "train", "--arch", "lenet", "--data", arguments.data,
            "--epochs", "1", "--batch-size", str(arguments.batch_size), "--seed", "1",
            "--threads", str(arguments.threads), "-o", os.path.join(folder, "m.onnx"), "--json"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["epochs"][0]["imagesPerSecond"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder of MNIST's IDX files")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--octet", nargs="+", default=[".build/release/octet"])
    arguments = parser.parse_args()

    peer = PyTorch(arguments.data, arguments.threads, arguments.batch_size, 55_000)
    octet, torch_figures = [], []
    for _ in range(arguments.rounds):
        octet.append(octet_images_per_second(arguments))
        torch_figures.append(peer.images_per_second())
    print(json.dumps({
        "threads": arguments.threads,
        "batchSize": arguments.batch_size,
        "peer": "PyTorch " + torch.__version__,
        "octetImagesPerSecond": [round(value) for value in octet],
        "peerImagesPerSecond": [round(value) for value in torch_figures],
        "ratio": round(statistics.median(octet) / statistics.median(torch_figures), 2),
    }, indent=2))


if __name__ == "__main__":
    main()
