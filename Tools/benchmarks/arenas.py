"""The arenas that Octet and TensorFlow Lite for Microcontrollers need for the same int8 models.

    Tools/benchmark arenas MODEL.tflite…

prints a Markdown table in bytes. TFLM's head holds activations and scratch memory, as Octet's arena
does; its tail holds what the interpreter keeps about the model, counted here on a 64-bit host (on a
32-bit core it is smaller). Octet keeps nothing besides the arena.
"""

import importlib.util
import pathlib
import subprocess
import sys
import tempfile

from support.octet import add_octet

# A process of its own imports it.
if not importlib.util.find_spec("tflite_micro"):
    raise ModuleNotFoundError("no tflite_micro", name="tflite_micro")

PROBE = "import sys; from tflite_micro import runtime; " \
    "runtime.Interpreter.from_file(sys.argv[1]).print_allocations()"


def octet_arena(octet, model):
    with tempfile.TemporaryDirectory() as name:
        blob = pathlib.Path(name) / "m.oct"
        report = octet.json("import", model, "-o", blob)
        return report["arenaByteCount"], report["arenaLowerBoundByteCount"]


def tflm_arena(model):
    """TFLM writes its figures to standard error from C++, so a process of its own prints them."""
    result = subprocess.run(
        [sys.executable, "-c", PROBE, str(model)], check=True, capture_output=True, text=True)
    figures = {}
    for line in (result.stdout + result.stderr).splitlines():
        if "Arena allocation" in line:
            words = line.split()
            figures[words[-3]] = int(words[-2])
    return figures


def add_arguments(parser):
    parser.add_argument("models", nargs="+", type=pathlib.Path, metavar="MODEL")
    add_octet(parser)


def main(arguments):
    print("| int8 model | Octet arena | lower bound | TFLM head | TFLM head and tail |")
    print("|---|--:|--:|--:|--:|")
    for model in arguments.models:
        arena, bound = octet_arena(arguments.octet, model)
        tflm = tflm_arena(model)
        print(f"| {model.stem} | {arena:,} | {bound:,} | {tflm['head']:,} | {tflm['total']:,} |")
