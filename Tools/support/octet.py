"""The octet command, as scripts call it, and the options that name it and the data."""

import json
import os
import pathlib
import subprocess
import tempfile

import numpy as np

from support.program import ROOT


def add_octet(parser):
    parser.add_argument(
        "--octet", type=Octet,
        default=os.environ.get("OCTET") or str(ROOT / ".build/release/octet"),
        help="the octet command (default: OCTET, or .build/release/octet)")


def add_data(parser):
    parser.add_argument(
        "--data", type=pathlib.Path,
        default=os.environ.get("OCTET_SHARED_DATA") or str(ROOT.parent / "shared/data"),
        help="what Tools/fetch-conformance gets (default: OCTET_SHARED_DATA, or ../shared/data)")


class OctetError(RuntimeError):
    """What the command said when it failed."""

    def __init__(self, verb, status, text):
        super().__init__(f"octet {verb}: status {status}: {text.strip()[:600]}")
        self.verb = verb


class Octet:
    def __init__(self, path):
        # A path that a shell would look up stays as it is.
        self.path = str(pathlib.Path(path).resolve()) if os.sep in path else path

    def __call__(self, verb, *words):
        """Runs it quietly; returns what it prints, raises OctetError when it fails."""
        result = subprocess.run(
            [self.path, verb, *map(str, words), "--quiet"], capture_output=True, text=True)
        if result.returncode:
            raise OctetError(verb, result.returncode, result.stderr)
        self.message = result.stderr.strip()
        return result.stdout

    def json(self, verb, *words):
        return json.loads(self(verb, *words, "--json"))

    def outputs(self, model, samples, *options, kind=np.int8):
        """What a blob or file gives for raw samples, end to end, one after the other."""
        with tempfile.TemporaryDirectory() as name:
            source, target = pathlib.Path(name) / "in.raw", pathlib.Path(name) / "out.raw"
            np.ascontiguousarray(samples).tofile(source)
            self("run", model, "--raw-input", source, "--raw-output", target, *options)
            return np.fromfile(target, kind)

    def reals(self, model, samples):
        """The same with reals on both sides, as float32."""
        return self.outputs(model, np.asarray(samples, "<f4"), "--floats", kind="<f4")
