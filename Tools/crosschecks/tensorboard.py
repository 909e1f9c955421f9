"""`octet train --tensorboard` read by TensorBoard itself.

    Tools/crosscheck tensorboard [--images FOLDER]

Trains on the built-in digits, or on images of a folder, once to the end and once killed and gone on
with, and reads the event files with TensorBoard's own EventAccumulator: every loss, accuracy and
speed of an epoch is that of `--json`, each layer has its norms, whose squares add up to the whole
gradient's, histograms count all weights, pictures open and have the size that they say, the options
are a text, and a run that was resumed has every step once. Then TensorBoard's own server is asked
for its lists of tags. Exit status 1 where something differs.
"""

import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow

from support.octet import add_octet

ARCHITECTURE = ["--arch", "lenet-bn", "--augment", "shift=1", "--seed", "5"]
# What the epochs of --json are called there.
SCALARS = {
    "loss/training": "trainLoss",
    "accuracy/training": "trainAccuracy",
    "accuracy/validation": "validationAccuracy",
    "speed/images per second": "imagesPerSecond",
    "speed/seconds": "seconds",
}


def add_arguments(parser):
    add_octet(parser)
    parser.add_argument("--images", default="digits", help="as octet train --data has it")


def read(folder):
    """The only run in a folder, with nothing left out."""
    accumulator = EventAccumulator(
        str(folder), size_guidance=dict.fromkeys(
            ["scalars", "images", "histograms", "tensors"], 0))
    accumulator.Reload()
    return accumulator


def check(problems, fine, sentence):
    if not fine:
        problems.append(sentence)


def scalars(events, report, problems):
    for tag, key in SCALARS.items():
        found = [event.value for event in events.Scalars(tag)]
        wanted = [np.float32(epoch[key]) for epoch in report["epochs"]]
        check(problems, found == wanted, f"{tag}: {found} instead of {wanted}")
        print(f"{tag}: {len(found)} values as in --json")
    test = [event.value for event in events.Scalars("accuracy/test")]
    check(problems, test == [np.float32(report["testAccuracy"])], f"accuracy/test: {test}")


def norms(events, problems):
    tags = events.Tags()["scalars"]
    layers = [tag.split("/")[1] for tag in tags if tag.startswith("gradient norm/")]
    for group in ["weight norm", "step by weights"]:
        check(problems, all(f"{group}/{layer}" in tags for layer in layers), f"{group} by layer")
    parts = [[event.value for event in events.Scalars(f"gradient norm/{x}")] for x in layers]
    whole = [event.value for event in events.Scalars("step/gradient norm")]
    sums = np.sqrt((np.array(parts, np.float64) ** 2).sum(0))
    check(problems, len(layers) > 5 and np.allclose(sums, whole, rtol=1e-5),
          "the layers' gradients do not add up to the whole one")
    print(f"{len(layers)} layers, {len(whole)} measured steps: gradients add up")
    return layers


def rich(events, layers, report, problems):
    for group in ["weights", "gradients"]:
        # All parameters but the running statistics of normalization, and none twice.
        histograms = [events.Histograms(f"{group}/{layer}") for layer in layers]
        counts = [h[-1].histogram_value.num for h in histograms]
        for values in histograms:
            check(problems, all(sum(v.histogram_value.bucket) == v.histogram_value.num
                                for v in values), f"{group}: bins do not add up")
            # Of short epochs not every one, so that training is not held up; the last one always.
            check(problems, values[-1].step == events.Scalars("loss/training")[-1].step,
                  f"{group}: not the last epoch")
        total = sum(counts)
        check(problems, 0 <= report["parameterCount"] - total < 0.02 * total,
              f"{group}: {total} values of {report['parameterCount']} parameters")
        print(f"{group}: {len(counts)} layers, {int(total)} values")
    for tag in events.Tags()["images"]:
        for image in events.Images(tag):
            data = image.encoded_image_string
            size = tuple(int.from_bytes(data[i:i + 4], "big") for i in (16, 20))
            check(problems, data[:4] == b"\x89PNG" and size == (image.width, image.height),
                  f"{tag}: no PNG of {image.width}x{image.height}")
        print(f"{tag}: {len(events.Images(tag))} pictures")
    tags = events.Tags()["images"]
    for start in ["filters/", "validation/confusion", "data/augmented"]:
        check(problems, any(tag.startswith(start) for tag in tags), f"no pictures {start}")
    text = events.Tensors("options")[0].tensor_proto.string_val[0].decode()
    check(problems, "| --arch | lenet-bn |" in text, "the options are not there")


def frames(folder):
    """Every event of every file, by TensorBoard's own reader, which checks all sums."""
    for path in sorted(folder.glob("events.out.tfevents.*")):
        reader = pywrap_tensorflow.PyRecordReader_New(str(path))
        while True:
            try:
                reader.GetNext()
            except Exception:  # Its own, at the end of the file.
                break
            yield event_pb2.Event.FromString(reader.record())


def resumed(octet, options, folder, problems):
    """Killed in the middle, a run goes on in the same folder, and no step is there twice."""
    command = [octet.path, "train", *options, "--epochs", "6", "-o", str(folder / "r.onnx"),
               "--checkpoint", str(folder / "r.checkpoint"), "--checkpoint-every", "0",
               "--tensorboard", str(folder / "runs"), "--quiet"]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    place = folder / "runs/r"
    deadline = time.monotonic() + 120
    while run.poll() is None and time.monotonic() < deadline:
        if place.exists() and sum(e.HasField("summary") for e in frames(place)) > 12:
            break
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()
    report = json.loads(subprocess.run(
        [*command, "--resume", "--json"], stdout=subprocess.PIPE, check=True).stdout)
    check(problems, [p.name for p in (folder / "runs").iterdir()] == ["r"], "another folder")
    events = read(place)
    for tag in ["loss/training", "step/loss", "step/learning rate"]:
        steps = [event.step for event in events.Scalars(tag)]
        check(problems, steps == sorted(set(steps)), f"resumed: {tag} has steps {steps}")
    losses = [event.value for event in events.Scalars("loss/training")]
    wanted = [np.float32(epoch["trainLoss"]) for epoch in report["epochs"]]
    check(problems, losses == wanted, f"resumed: {losses} instead of {wanted}")
    files = len(list(place.iterdir()))
    check(problems, files == 2, f"resumed: {files} files")
    print(f"killed and resumed: {files} files, {len(losses)} epochs, each once")


def served(folder, problems):
    """What the server itself lists."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", str(port),
         "--load_fast=false"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        lists = {}
        for plugin in ["scalars", "images", "histograms", "text"]:
            address = f"http://127.0.0.1:{port}/data/plugin/{plugin}/tags"
            deadline = time.monotonic() + 90
            while not lists.get(plugin) and time.monotonic() < deadline:
                try:
                    lists[plugin] = json.load(urllib.request.urlopen(address, timeout=10))
                except OSError:
                    pass
                time.sleep(0.5)
            runs = lists.get(plugin) or {}
            check(problems, set(runs) == {"m"} and len(runs["m"]) > 0, f"server: {plugin} {runs}")
            print(f"server: {plugin}: {len(runs.get('m', []))} tags")
    finally:
        server.terminate()
        server.wait()


def main(arguments):
    problems, options = [], [*ARCHITECTURE, "--data", arguments.images]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        report = arguments.octet.json(
            "train", *options, "--epochs", 3, "-o", folder / "m.onnx", "--tensorboard",
            folder / "logs")
        check(problems, report["eventFolder"] == str(folder / "logs/m"), "eventFolder")
        count = sum(1 for _ in frames(folder / "logs/m"))
        print(f"{count} records, all sums right")
        events = read(folder / "logs/m")
        scalars(events, report, problems)
        layers = norms(events, problems)
        rich(events, layers, report, problems)
        served(folder / "logs", problems)
        resumed(arguments.octet, options, folder, problems)
    for problem in problems:
        print(f"differs: {problem}")
    return not problems
