"""Makes a report of every kind of model and pair: the networks, the samples, the pages.

    Tools/crosscheck reports --out FOLDER

A regressor, a model with two inputs, a detector's head, an autoencoder, an embedding, a picture
(each float against int8), QDQ against float, LiteRT against Octet, and a board with a damaged
model against this machine. Each has a folder with page.html, diff.json and the command in
command.txt. The figures of the first seven are computed again from dumped tensors, as
`Tools/crosscheck diff` does. `Tools/check-html FOLDER/*/page.html --screenshots PNG` takes
pictures of them. Exit status 1 where a report is missing or a figure differs.
"""

import contextlib
import json
import os
import pathlib
import pty
import shlex
import subprocess
import sys
import threading
import tty
from types import SimpleNamespace

import numpy as np

from crosschecks import diff
from crosschecks.report_models import MODELS
from support.octet import add_octet
from support.peers import calibration, silence
from support.program import ROOT

EXAMPLE = ROOT / "Firmware/CLibrary/Example/diff.c"


def add_arguments(parser):
    add_octet(parser)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder to fill")
    parser.add_argument(
        "names", nargs="*", metavar="NAME",
        help="only these: " + ", ".join([*MODELS, *OTHERS]))


class Report:
    """A folder with a model, its blob and a page."""

    def __init__(self, arguments, name):
        self.octet, self.name = arguments.octet, name
        self.folder = arguments.out.resolve() / name
        self.folder.mkdir(parents=True, exist_ok=True)

    def quantize(self):
        self.octet("quantize", self.folder / "model.onnx", "--raw-input",
                   self.folder / "calibration.raw", "-o", self.folder / "model.oct", "--force")
        return self.folder / "model.oct"

    def samples(self):
        return next(self.folder.glob("samples.np?"))

    def diff(self, *words):
        """The report as JSON; the page, the JSON and the command stay in the folder. A gate that is
        missed is a report, too."""
        words = ["diff", *map(str, words), "--html", str(self.folder / "page.html"), "--force"]
        (self.folder / "command.txt").write_text(shlex.join(["octet", *words]) + "\n")
        run = subprocess.run(
            [self.octet.path, *words, "--json", "--quiet"], capture_output=True, text=True)
        if run.returncode not in (0, 1):
            print(f"{self.name}: status {run.returncode}: {run.stderr.strip()[:400]}")
            return None
        (self.folder / "diff.json").write_text(run.stdout)
        return json.loads(run.stdout)

    def judged(self, *words):
        """The report of two models, its figures computed again."""
        dump = self.folder / "dump"
        report = self.diff(*words, "--dump", dump)
        if report is None:
            return False
        targets = self.folder / "targets.npy"
        with contextlib.redirect_stdout(sys.stderr):
            good = diff.main(SimpleNamespace(
                report=self.folder / "diff.json", dump=dump, model=None, pixels=None,
                targets=targets if targets.exists() else None))
        output = report["outputs"][0]
        print(f"{self.name:16}{output['metric']:16}{report['verdict']['kind']:16}"
              f"{'figures agree' if good else 'FIGURES DIFFER'}")
        return good


def pair(report):
    """Float against int8."""
    options = MODELS[report.name](report.folder)
    model = report.folder / "model.onnx"
    return report.judged(
        model, report.quantize(), "--raw-input", report.samples(), *options)


def qdq(report):
    """The detector's head as ONNX Runtime quantizes it, against itself in float."""
    from onnxruntime import quantization
    MODELS["detector_head"](report.folder)
    model, made = report.folder / "model.onnx", report.folder / "qdq.onnx"
    images = np.load(report.samples())[:50].transpose(0, 3, 1, 2)
    with silence():
        quantization.quantize_static(
            str(model), str(made), calibration(images, "image"), per_channel=True,
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8)
    return report.judged(model, made, "--raw-input", report.samples())


def litert(report):
    """A blob as a TFLite file in LiteRT and in Octet."""
    MODELS["detector_head"](report.folder)
    model = report.folder / "model.tflite"
    report.octet("export", report.quantize(), "--to", "tflite", "-o", model, "--force")
    tool = shlex.join([sys.executable, str(ROOT / "Tools/dump-tensors"), "litert", str(model)])
    found = report.diff(model, "--against", tool)
    if found is None:
        return False
    print(f"{report.name:16}{found['against']['summary']}")
    return True


def board(report):
    """A damaged model on a board at a serial line, which is a program of the C library at a
    pseudo-terminal; beside it the same model in float."""
    MODELS["regressor"](report.folder)
    blob = report.quantize()
    library, program = report.folder / "library", report.folder / "board"
    report.octet("board", "library", "-o", library, "--force")
    subprocess.run(
        ["clang", "-I", library, EXAMPLE, library / "liboctet.a", "-lm", "-o", program], check=True)
    damaged = bytearray(blob.read_bytes())
    # The first layer's weights are the largest part of the file.
    place = len(damaged) * 2 // 5
    damaged[place] ^= 0x20
    there = report.folder / "damaged.oct"
    there.write_bytes(damaged)
    ours, line = pty.openpty()
    tty.setraw(ours)
    tty.setraw(line)
    with subprocess.Popen([program, there], stdin=ours, stdout=ours) as process:
        threading.Timer(300, process.kill).start()
        found = report.diff(report.folder / "model.onnx", blob, "--raw-input", report.samples(),
                            "--labels", report.folder / "targets.npy", "--port", os.ttyname(line))
        process.kill()
    os.close(ours)
    os.close(line)
    finding = (found or {}).get("board", {}).get("finding")
    if not finding:
        print(f"{report.name:16}nothing was found")
        return False
    print(f"{report.name:16}{finding['summary']}")
    return finding["blobOffset"] == place and finding["layer"] is not None


OTHERS = {"qdq": qdq, "litert": litert, "board": board}


def main(arguments):
    makers = {**dict.fromkeys(MODELS, pair), **OTHERS}
    unknown = [name for name in arguments.names if name not in makers]
    if unknown:
        sys.exit(f"there is no report {', '.join(unknown)}; there are {', '.join(makers)}")
    results = []
    for name in arguments.names or makers:
        results.append(makers[name](Report(arguments, name)))
    print(f"{sum(results)} of {len(results)} reports in {arguments.out}")
    return all(results)
