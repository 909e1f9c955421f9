"""Octet against LiteRT layer by layer, over shapes as networks have them; the losers first.

    Tools/benchmark sweep [PATTERN…] [--tflite FILE…] [--rounds N] [--least RATIO] [--json FILE]

Each layer is an int8 TFLite model of one operator with random weights, imported by octet and run by
both, LiteRT with XNNPACK, on one thread. In each round each is timed for a fraction of a
millisecond, one after the other; the least time of all rounds counts, as other work on the machine
only ever adds. A ratio above 1 means that Octet is faster.

Octet's time is that of a loop in its own library, everything included. LiteRT is called from
Python, so the least time of a model that only reshapes one value is taken off: that is the call
and the interpreter, which LiteRT in truth cannot do without. "called" is the ratio without that.

Before it is timed each layer passes the self-test of its blob, so a wrong byte is found here too.
PATTERN, as the shell's, selects layers by name; FILE are whole models to measure as well, or alone.
Exit status 1 when a ratio is below --least.
"""

import fnmatch
import json
import pathlib
import sys
import tempfile

import numpy

from benchmarks import inference, runtimes, sweep_layers
from support.octet import OctetError, add_octet


def add_arguments(parser):
    add_octet(parser)
    parser.add_argument("patterns", nargs="*", metavar="PATTERN")
    parser.add_argument("--tflite", nargs="+", default=[], type=pathlib.Path, metavar="FILE",
                        help="measure these models, and layers only where a PATTERN is given")
    parser.add_argument("--backend", choices=inference.BACKENDS, help="default: the fastest")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--milliseconds", type=float, default=0.3, help="of each in a round")
    parser.add_argument("--least", type=float, default=0, help="ratio that every layer must reach")
    parser.add_argument("--json", help="write all figures there")


class Ours:
    def __init__(self, octet):
        self.octet = octet

    def microseconds(self, count):
        return self.octet.bare_microseconds(count)


class Theirs:
    def __init__(self, data):
        self.peer = runtimes.LiteRT(data, True)
        random = numpy.random.default_rng(1)
        for details in self.peer.interpreter.get_input_details():
            kind = numpy.dtype(details["dtype"])
            values = random.integers(-128, 128, details["shape"]).astype(kind)
            self.peer.interpreter.set_tensor(details["index"], values)

    def microseconds(self, count):
        return inference.microseconds(self.peer.invoke, count)


def least_times(contestants, rounds, milliseconds):
    """The least microseconds of each, timed alternately."""
    counts, least = [], []
    for contestant in contestants:
        contestant.microseconds(3)
        once = min(contestant.microseconds(3) for _ in range(3))
        counts.append(max(1, int(milliseconds * 1000 / max(once, 0.01))))
        least.append(once)
    for _ in range(rounds):
        for index, contestant in enumerate(contestants):
            contestant.microseconds(1)  # Its code and data back in the caches.
            least[index] = min(least[index], contestant.microseconds(counts[index]))
    return least


def opened(arguments, library, data, folder):
    """Octet's session on the model, on the backend that was asked for or the best."""
    source, target = folder / "layer.tflite", folder / "layer.oct"
    source.write_bytes(data)
    target.unlink(missing_ok=True)
    arguments.octet("import", source, "-o", target)
    blob = target.read_bytes()
    if arguments.backend:
        octet = inference.Octet(library, blob, arguments.backend)
    else:
        octet = inference.best_octet(library, blob)
    if not octet.passes_self_test():
        raise RuntimeError(f"{octet.name} gives other bytes than the blob's self-test")
    return octet


def compare(name, data, arguments, library, folder, overhead):
    octet = opened(arguments, library, data, folder)
    ours, theirs = least_times(
        [Ours(octet), Theirs(data)], arguments.rounds, arguments.milliseconds)
    return {
        "layer": name, "ratio": round((theirs - overhead) / ours, 3),
        "calledRatio": round(theirs / ours, 3), "octetMicroseconds": round(ours, 3),
        "liteRTMicroseconds": round(theirs - overhead, 3), "backend": octet.name.split()[-1]}


def wanted(arguments):
    """The name and the model of each layer, then those of files."""
    if arguments.patterns or not arguments.tflite:
        for name, data in sweep_layers.layers():
            patterns = arguments.patterns or ["*"]
            if any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
                yield name, data
    for path in arguments.tflite:
        yield path.stem, lambda path=path: runtimes.readable(path)


def table(rows):
    width = max(len(row["layer"]) for row in rows)
    lines = [f"{'layer':<{width}}  ratio  called   Octet µs  LiteRT µs"]
    for row in rows:
        lines.append(
            f"{row['layer']:<{width}} {row['ratio']:6.2f} {row['calledRatio']:7.2f} "
            f"{row['octetMicroseconds']:10.2f} {row['liteRTMicroseconds']:10.2f}")
    return "\n".join(lines)


def main(arguments):
    rows, failures = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        arguments.octet.build()
        library = inference.built_library(folder)
        overhead = least_times([Theirs(sweep_layers.nothing())], 200, 0.3)[0]
        for layer, make in wanted(arguments):
            if sys.stderr.isatty():
                print(f"\r{layer:<60}", end="", file=sys.stderr)
            try:
                rows.append(compare(layer, make(), arguments, library, folder, overhead))
            except (OctetError, RuntimeError, ValueError) as error:
                failures.append(f"{layer}: {error}")
    if not rows and not failures:
        print("no layer has such a name", file=sys.stderr)
        return False
    rows.sort(key=lambda row: row["ratio"])
    print()
    if rows:
        print(table(rows))
    slower = sum(row["ratio"] < 1 for row in rows)
    print(f"\n{len(rows)} measured, {slower} slower than LiteRT "
          f"{runtimes.versions()['ai-edge-litert']}, XNNPACK, one thread; {overhead:.2f} µs taken "
          "off its times; "
          f"{inference.machine()['processor']}")
    for failure in failures:
        print(failure, file=sys.stderr)
    if arguments.json:
        report = {"machine": inference.machine(), "versions": runtimes.versions(),
                  "rounds": arguments.rounds, "liteRTOverheadMicroseconds": round(overhead, 3),
                  "layers": rows, "failures": failures}
        pathlib.Path(arguments.json).write_text(json.dumps(report, indent=2) + "\n")
    return not failures and all(row["ratio"] >= arguments.least for row in rows)
