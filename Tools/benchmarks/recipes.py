"""Recipes of training over several seeds: what a line of `octet train --recipes` comes to.

Each seed trains on the images that the recipe is meant for, or on those of `--set`; the model is
quantized without an option. Test images are used once, at the end. A row has the numbers that are
learnt, the mean, least and most accuracy of the float models, the mean of the int8 ones, the points
lost, the blob in bytes, and minutes of training. Models that are in --keep are not trained again.

    Tools/benchmark recipes [NAME…] [--seeds 5] [--keep FOLDER]
"""

import json
import pathlib
import sys
import tempfile

from support.octet import add_data, add_octet
from support.trained import mean, trained

COLUMNS = ("recipe", "data", "parameters", "float", "least", "most", "int8", "drop", "blob",
           "minutes")
FORMAT = "{:18} {:14} {:>10} {:>9} {:>8} {:>8} {:>9} {:>7} {:>7} {:>8}"


def show(recipe, name, runs):
    floats = [run["floatTop1"] for run in runs]
    real, coded = mean(runs, "floatTop1"), mean(runs, "int8Top1")
    print(FORMAT.format(
        recipe["name"], name, runs[0]["parameterCount"], f"{real:.3%}", f"{min(floats):.2%}",
        f"{max(floats):.2%}", f"{coded:.3%}", f"{100 * (real - coded):.3f}",
        runs[0]["fileByteCount"], f"{mean(runs, 'seconds') / 60:.1f}"),
        flush=True)


def add_arguments(parser):
    add_octet(parser)
    add_data(parser)
    parser.add_argument("recipes", nargs="*", metavar="NAME")
    parser.add_argument("--set", help="a folder within the data, instead of each recipe's")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the models")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def main(arguments):
    known = {recipe["name"]: recipe
             for recipe in arguments.octet.json("train", "--recipes")["recipes"]}
    if unknown := [name for name in arguments.recipes if name not in known]:
        raise SystemExit(f"{', '.join(unknown)}: not among {', '.join(known)}")
    rows = []
    if not arguments.json:
        print(FORMAT.format(*COLUMNS), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        work = arguments.keep or pathlib.Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        for name in arguments.recipes or known:
            data = arguments.set or known[name]["dataName"]
            runs = []
            for seed in range(1, arguments.seeds + 1):
                print(f"{name}: seed {seed} of {arguments.seeds}", file=sys.stderr, flush=True)
                runs.append(trained(
                    arguments.octet, ["--recipe", name], seed, arguments.threads,
                    arguments.data / data, work, name))
            rows.append({"recipe": name, "data": data, "runs": runs})
            if not arguments.json:
                show(known[name], data, runs)
    if arguments.json:
        print(json.dumps({"recipes": rows}, indent=2))
    return True
