"""The table of all networks: each is trained, quantized, verified and run on boards.

Every network of `octet train --list` learns Fashion-MNIST, ten epochs without augmentation, unless
the options say otherwise. A row has its parameters, the test accuracy in float and int8 (the mean
of all seeds), blob and arena in bytes, cycles of an inference on the first board, how many boards
gave the bytes of this machine, and seconds for an epoch of ours and of PyTorch's same network, in
turns on as many threads, by a part of the images. A board whose memory is too small has a dash.
Models that are in --keep are not trained again. Exits with 1 where a self-test fails or bytes
differ.

    Tools/benchmark zoo [NAME…] [--recipe NAME] [--seeds 5] [--boards cortex-m4,linux-aarch64]
"""

import json
import pathlib
import sys
import tempfile

from support import files
from support.octet import OctetError, add_data, add_octet
from support.trained import mean, trained

COLUMNS = ("network", "parameters", "float", "int8", "blob", "arena", "cycles", "boards",
           "epoch", "PyTorch")
FORMAT = "{:16} {:>10} {:>8} {:>8} {:>8} {:>7} {:>11} {:>8} {:>8} {:>8}"


def board_report(octet, board, blob):
    """What the board said; None where the model has no room on it."""
    try:
        return octet.json("board", "run", "--board", board, blob)
    except OctetError as error:
        if "bytes of" in str(error) and ("RAM" in str(error) or "flash" in str(error)):
            return None
        raise


def epoch_seconds(arguments, name, folder):
    """Seconds of an epoch here and of PyTorch's same network, in turns, from a part of the images;
    None where there is no such network."""
    from benchmarks import train_networks, zoo_networks

    if name not in zoo_networks.NETWORKS or arguments.peer_images == 0:
        return None
    pixels, labels = files.pictures(folder, "train")
    part = slice(arguments.peer_images)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        train_networks.write_part(work, pixels[part], labels[part])
        rates = train_networks.compare(arguments, name, work, pixels[part], labels[part])
    count = len(labels) * 11 / 12
    return count / rates["octetImagesPerSecond"], count / rates["peerImagesPerSecond"]


def row(arguments, name, folder, work):
    octet = arguments.octet
    words = ["--arch", name, "--epochs", arguments.epochs]
    words += ["--recipe", arguments.recipe] if arguments.recipe else []
    runs = []
    for seed in range(arguments.seed, arguments.seed + arguments.seeds):
        runs.append(trained(octet, words, seed, arguments.threads, folder, work, name))
        octet("verify", runs[-1]["blob"])
    first, seconds = runs[0], epoch_seconds(arguments, name, folder)
    boards = [board_report(octet, board, first["blob"]) for board in arguments.boards]
    ran = [board for board in boards if board is not None]
    return {
        "network": name, "parameterCount": first["parameterCount"],
        "floatTop1": mean(runs, "floatTop1"), "int8Top1": mean(runs, "int8Top1"),
        "fileByteCount": first["fileByteCount"], "arenaByteCount": first["arenaByteCount"],
        "cyclesPerInference": boards[0].get("cyclesPerInference") if boards and boards[0] else None,
        "boards": {board: None if report is None else report["outputsMatchHost"]
                   for board, report in zip(arguments.boards, boards)},
        "boardsText": f"{sum(b['outputsMatchHost'] for b in ran)} of {len(ran)}",
        "epochSeconds": seconds[0] if seconds else mean(runs, "epochSeconds"),
        "peerEpochSeconds": seconds[1] if seconds else None, "runs": runs,
    }


def show(cells):
    print(FORMAT.format(*("-" if cell is None else cell for cell in cells)), flush=True)


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)
    parser.add_argument("networks", nargs="*", metavar="NAME")
    parser.add_argument("--set", default="fashion_mnist", help="a folder within the data")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--recipe", help="options of training under one name")
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=64, help="for the times")
    parser.add_argument(
        "--boards", default="cortex-m4", type=lambda text: [b for b in text.split(",") if b],
        help="where the networks run, none with ''; of the first one cycles are told")
    parser.add_argument("--peer-images", type=int, default=3200,
                        help="images that both are timed on; 0 leaves PyTorch out")
    parser.add_argument("--rounds", type=int, default=3, help="turns of timing")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the models")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def main(arguments):
    known = [entry["name"] for entry in arguments.octet.json("train", "--list")["networks"]]
    names = arguments.networks or known
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"{', '.join(unknown)}: not among {', '.join(known)}")
    rows, failures = [], 0
    if not arguments.json:
        show(COLUMNS)
    with tempfile.TemporaryDirectory() as folder:
        work = arguments.keep or pathlib.Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        for name in names:
            try:
                values = row(arguments, name, arguments.data / arguments.set, work)
            except OctetError as error:
                print(f"{name}: {error}", file=sys.stderr)
                failures += 1
                continue
            rows.append(values)
            failures += not all(same is not False for same in values["boards"].values())
            if not arguments.json:
                peer = values["peerEpochSeconds"]
                show((name, values["parameterCount"], f"{values['floatTop1']:.2%}",
                      f"{values['int8Top1']:.2%}", values["fileByteCount"],
                      values["arenaByteCount"], values["cyclesPerInference"],
                      values["boardsText"], f"{values['epochSeconds']:.1f}",
                      peer and f"{peer:.1f}"))
    if arguments.json:
        print(json.dumps({"networks": rows}, indent=2))
    return failures == 0
