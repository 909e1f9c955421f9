"""Runs what `octet diff --save-repro` wrote with ONNX Runtime and LiteRT.

    octet diff M.onnx M.oct --data DIR --bisect --save-repro FOLDER
    Tools/crosscheck repro FOLDER

Every form of the part must load there and give what Octet gives, to within a step or two: both
runtimes round otherwise. Ends with status 1 where one does not.
"""
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

from support.peers import session

STEPS = 2.5


def add_arguments(parser):
    parser.add_argument("folder", type=Path, help="what --save-repro wrote")


def main(arguments):
    # What run.py needs, which is another process: so that it is run where they are.
    for package in ("onnxruntime", "ai_edge_litert"):
        importlib.import_module(package)
    index = json.loads((arguments.folder / "repro.json").read_text())
    script = subprocess.run(
        [sys.executable, str(arguments.folder / "run.py")], capture_output=True, text=True)
    print(script.stdout, end="")
    if script.returncode != 0:
        print(script.stderr)
        return False
    if index.get("qdq"):
        # It loads as it is written, too.
        session(arguments.folder / index["qdq"], optimized=False)
    wanted = {index[key] for key in ("qdq", "tflite") if index.get(key)}
    good = set()
    for line in script.stdout.splitlines():
        found = re.match(r"(\S+) \(.*at most ([0-9.]+) steps", line)
        if found and float(found[2]) <= STEPS:
            good.add(found[1])
    for name in sorted(wanted - good):
        print(f"{name}: not what Octet gives")
    return wanted <= good
