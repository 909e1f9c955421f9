"""Training speed of Octet and PyTorch on every network of the zoo, side by side.

Both train the same network (as many parameters, which is checked) on the same images with Adam, the
same batch size and the same number of threads, in turns, so that whatever else the machine does
falls on both. PyTorch's images are floats in memory and only its steps are timed; it gets that
layout of memory in which it is faster. Prints a line for each network and exits with 1 where a
ratio of medians is below the target.

    Tools/benchmark train-networks [NAME…] [--images 3200] [--rounds 3] [--threads 2]
"""

import gzip
import json
import pathlib
import statistics
import struct
import tempfile
import time

import numpy
import torch
from torch import nn

from benchmarks import zoo_networks
from support import files
from support.octet import add_data, add_octet


class PyTorch:
    def __init__(self, name, pixels, labels, arguments):
        torch.set_num_threads(arguments.threads)
        torch.manual_seed(1)
        self.network = zoo_networks.NETWORKS[name]()
        self.images = torch.tensor(pixels[:, None].astype(numpy.float32) / 255)
        self.labels = torch.tensor(labels.astype(numpy.int64))
        self.batch_size = arguments.batch_size
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3)
        self.use(torch.contiguous_format)
        plain = self.images_per_second(6 * self.batch_size)
        self.use(torch.channels_last)
        if self.images_per_second(6 * self.batch_size) < plain:
            self.use(torch.contiguous_format)

    def use(self, layout):
        self.layout = layout
        self.network.to(memory_format=layout)
        self.images_per_second(self.batch_size)

    @property
    def parameter_count(self):
        return sum(parameter.numel() for parameter in self.network.parameters())

    def images_per_second(self, count=None):
        loss = nn.CrossEntropyLoss()
        order = torch.randperm(len(self.images))[:count]
        start = time.perf_counter()
        for first in range(0, len(order), self.batch_size):
            batch = order[first:first + self.batch_size]
            images = self.images[batch].contiguous(memory_format=self.layout)
            self.optimizer.zero_grad()
            loss(self.network(images), self.labels[batch]).backward()
            self.optimizer.step()
        return len(order) / (time.perf_counter() - start)


def write_part(folder, pixels, labels):
    """A folder of IDX files with these images, to train on and to test with."""
    for kind in ("train", "t10k"):
        with gzip.open(folder / f"{kind}-images-idx3-ubyte.gz", "wb", 1) as file:
            file.write(struct.pack(">4i", 0x803, *pixels.shape) + pixels.tobytes())
        with gzip.open(folder / f"{kind}-labels-idx1-ubyte.gz", "wb", 1) as file:
            file.write(struct.pack(">2i", 0x801, len(labels)) + labels.tobytes())


def train(arguments, name, folder):
    return arguments.octet.json(
        "train", "--arch", name, "--data", folder, "--epochs", 1, "--batch-size",
        arguments.batch_size, "--seed", 1, "--threads", arguments.threads, "--force", "-o",
        folder / "m.onnx")


def compare(arguments, name, folder, pixels, labels):
    peer = PyTorch(name, pixels, labels, arguments)
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        ours.append(train(arguments, name, folder)["epochs"][0]["imagesPerSecond"])
        theirs.append(peer.images_per_second())
    # The file's count has running statistics as well.
    networks = arguments.octet.json("train", "--list")["networks"]
    count = next(each["parameterCount"] for each in networks if each["name"] == name)
    if count != peer.parameter_count:
        raise SystemExit(f"{name}: {count} parameters here, {peer.parameter_count} there")
    ratio = statistics.median(ours) / statistics.median(theirs)
    return {
        "network": name, "parameterCount": peer.parameter_count,
        "octetImagesPerSecond": round(statistics.median(ours)),
        "peerImagesPerSecond": round(statistics.median(theirs)), "ratio": round(ratio, 2),
        "target": 5.0 if name == "lenet" else 2.0,
    }


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)
    parser.add_argument("networks", nargs="*", metavar="NAME", default=[])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--images", type=int, default=3200, help="images of an epoch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def main(arguments):
    names = arguments.networks or list(zoo_networks.NETWORKS)
    if unknown := [name for name in names if name not in zoo_networks.NETWORKS]:
        raise SystemExit(f"{', '.join(unknown)}: not among {', '.join(zoo_networks.NETWORKS)}")
    pixels, labels = files.pictures(arguments.data / "fashion_mnist", "train")
    pixels, labels = pixels[:arguments.images], labels[:arguments.images]
    rows = []
    if not arguments.json:
        print(f"{'network':16} {'parameters':>10} {'Octet':>10} {'PyTorch':>10} {'ratio':>6}   "
              f"(images a second, {arguments.threads} threads, PyTorch {torch.__version__})")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_part(folder, pixels, labels)
        for network in names:
            row = compare(arguments, network, folder, pixels, labels)
            rows.append(row)
            if not arguments.json:
                print(f"{network:16} {row['parameterCount']:10} {row['octetImagesPerSecond']:10} "
                      f"{row['peerImagesPerSecond']:10} {row['ratio']:6.2f}", flush=True)
    if arguments.json:
        print(json.dumps({
            "threads": arguments.threads, "batchSize": arguments.batch_size,
            "peer": "PyTorch " + torch.__version__, "networks": rows}, indent=2))
    return all(row["ratio"] >= row["target"] for row in rows)
