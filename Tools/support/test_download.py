"""Downloads from a server of this process, and from a folder: whole, cut off, other, missing."""

import contextlib
import hashlib
import http.server
import io
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import threading
import unittest

from support import download
from support.public_data import PARTS

CONTENT = bytes(range(256)) * 700
DIGEST = hashlib.sha256(CONTENT).hexdigest()
TOOLS = pathlib.Path(__file__).resolve().parents[1]


class Handler(http.server.BaseHTTPRequestHandler):
    """`whole` knows ranges, `plain` does not, `short` says all and sends half."""

    def do_GET(self):
        kind = self.path.strip("/")
        start = 0
        wanted = self.headers.get("Range", "")
        self.server.ranges.append(wanted)
        if kind not in ("whole", "plain", "short", "other"):
            self.send_error(404)
            return
        if kind == "whole" and wanted:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        body = CONTENT[::-1] if kind == "other" else CONTENT[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:len(body) // 2] if kind == "short" else body)

    def log_message(self, *_):
        pass


class DownloadTests(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.ranges = []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "data.bin"
        self.part = self.path.with_name("data.bin.part")

    def fetch(self, kind, digest=DIGEST):
        url = f"http://127.0.0.1:{self.server.server_port}/{kind}"
        with contextlib.redirect_stdout(io.StringIO()) as words:
            download.fetch(url, self.path, len(CONTENT), digest, "try another")
        return words.getvalue()

    def refusal(self, *arguments):
        with self.assertRaises(download.Failure) as caught:
            self.fetch(*arguments)
        self.assertFalse(self.path.exists())
        self.assertNotIn("\n", str(caught.exception))
        return caught.exception

    def test_whole(self):
        self.assertIn("SHA-256 right", self.fetch("whole"))
        self.assertEqual(self.path.read_bytes(), CONTENT)
        self.assertFalse(self.part.exists())
        self.assertIn("already here", self.fetch("missing"))

    def test_md5(self):
        self.assertIn("MD5 right", self.fetch("whole", hashlib.md5(CONTENT).hexdigest()))

    def test_goes_on_where_it_was_cut_off(self):
        self.assertEqual(self.refusal("short").status, 74)
        have = self.part.stat().st_size
        self.assertTrue(0 < have < len(CONTENT))
        self.fetch("whole")
        self.assertEqual(self.server.ranges[-1], f"bytes={have}-")
        self.assertEqual(self.path.read_bytes(), CONTENT)

    def test_server_without_ranges(self):
        self.part.write_bytes(CONTENT[:1000])
        self.fetch("plain")
        self.assertEqual(self.path.read_bytes(), CONTENT)

    def test_beginning_of_another_file(self):
        self.part.write_bytes(b"x" * 1000)
        self.fetch("whole")
        self.assertEqual(self.path.read_bytes(), CONTENT)

    def test_other_content(self):
        failure = self.refusal("other")
        self.assertEqual(failure.status, 65)
        self.assertIn(DIGEST, str(failure))
        self.assertFalse(self.part.exists())

    def test_a_damaged_file_is_fetched_again(self):
        self.path.write_bytes(CONTENT[:-1] + b"?")
        self.fetch("whole")
        self.assertEqual(self.path.read_bytes(), CONTENT)

    def test_missing(self):
        self.assertEqual(self.refusal("nothing").status, 66)

    def test_no_network(self):
        with self.assertRaises(download.Failure) as caught:
            download.fetch("http://127.0.0.1:9/x", self.path, 1, DIGEST, "try another")
        self.assertEqual(caught.exception.status, 74)

    def test_folder_as_mirror(self):
        source = self.path.with_name("source.bin")
        source.write_bytes(CONTENT)
        base = download.url_of(str(source.parent))
        with contextlib.redirect_stdout(io.StringIO()):
            download.fetch(f"{base}/source.bin", self.path, len(CONTENT), DIGEST, "")
        self.assertEqual(self.path.read_bytes(), CONTENT)


class CommandTests(unittest.TestCase):
    """Tools/fetch-conformance and fetch-mnist on a mirror whose files are not the true ones."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.mirror, self.target = self.root / "mirror", self.root / "data"
        for name, (_, byte_count, _) in PARTS["onnx_lenet"].items():
            path = self.mirror / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * byte_count)

    def run_tool(self, *words, tool="fetch-conformance", limit=None):
        def limited():
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        result = subprocess.run(
            [sys.executable, TOOLS / tool, *map(str, words)], capture_output=True, text=True,
            preexec_fn=limited, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
        self.assertNotIn("Traceback", result.stderr)
        self.assertLessEqual(result.stderr.count("\n"), 1, result.stderr)
        return result.returncode

    def whole_files(self):
        return [path for path in self.target.rglob("*")
                if path.is_file() and path.suffix != ".part"]

    def test_wrong_hash(self):
        self.assertEqual(self.run_tool("--mirror", self.mirror, self.target, "onnx_lenet"), 65)
        self.assertEqual(self.whole_files(), [])

    def test_cut_off(self):
        for path in self.mirror.rglob("*.txt"):
            path.write_bytes(b"x")
        self.assertEqual(self.run_tool("--mirror", self.mirror, self.target, "onnx_lenet"), 74)
        self.assertEqual(self.whole_files(), [])

    def test_missing(self):
        self.assertEqual(self.run_tool("--mirror", self.mirror, self.target, "tflm"), 66)
        self.assertEqual(
            self.run_tool("--base-url", self.mirror.as_uri(), self.target, tool="fetch-mnist"), 66)

    def test_no_network(self):
        for words in (["--mirror", "http://127.0.0.1:9", self.target],
                      ["--mirror", "http://127.0.0.1:9", self.target, "onnx_node"]):
            self.assertEqual(self.run_tool(*words), 74)

    def test_full_disk(self):
        self.assertEqual(
            self.run_tool("--mirror", self.mirror, self.target, "onnx_lenet", limit=100), 73)
        self.assertEqual(self.whole_files(), [])

    def test_no_folder(self):
        (self.root / "file").write_text("")
        self.assertEqual(
            self.run_tool("--mirror", self.mirror, self.root / "file", "onnx_lenet"), 73)

    def test_usage(self):
        self.assertEqual(self.run_tool(), 64)
        self.assertEqual(self.run_tool(self.target, "everything"), 64)


if __name__ == "__main__":
    unittest.main()
