"""What single layers cost on a board, over shapes as networks have them; the dearest first.

    Tools/benchmark board-sweep --board NAME [--cpu NAME] [PATTERN…] [--json FILE] [--before FILE]

Each layer is an int8 TFLite model of one operator with random weights: those of `sweep` of at most
--most multiply-adds or elements, and depthwise ones of few channels and several outputs each. Many
of them, which do not depend on each other, make one model, of which `octet board profile` counts
the instructions of each operator in QEMU, and on Cortex-M the modelled cycles; every byte is
compared with the host's. What has multiply-adds is listed by cost for each, everything else by cost
for each element of the larger of input and output. Counts are exact, so a difference from --before,
which --json wrote, is the change of the code.

PATTERN, as the shell's, selects layers by name. The boards' sources are those of the checkout that
this program lies in.
"""

import fnmatch
import json
import pathlib
import sys
import tempfile

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from benchmarks import sweep_layers
from corpus.tflite_builder import INT8
from support.octet import OctetError, add_octet
from support.program import ROOT

# Bytes of all activations of an image, and of its weights: a board has 4 MiB of memory, and
# prepared weights room for 384 KiB.
ACTIVATIONS, WEIGHTS = 2 << 20, 160 << 10


def add_arguments(parser):
    add_octet(parser)
    parser.add_argument("patterns", nargs="*", metavar="PATTERN")
    parser.add_argument("--board", required=True, metavar="NAME")
    parser.add_argument("--cpu", metavar="NAME", help="emulate this processor, as cortex-a53")
    parser.add_argument("--most", type=int, default=1_500_000,
                        help="multiply-adds and elements of a layer")
    parser.add_argument("--json", help="write all figures there")
    parser.add_argument("--before", help="figures that --json wrote, to compare with")


class Layer:
    def __init__(self, name, data):
        self.name = name
        self.model = model = schema.ModelT.InitFromPackedBuf(data, 0)
        graph = model.subgraphs[0]
        sizes = [self.size(graph.tensors[index].shape)
                 for index in [*graph.inputs, *graph.outputs]]
        self.activations, self.elements = sum(sizes), max(sizes)
        output = graph.tensors[graph.outputs[0]].shape
        weights = max((self.size(tensor.shape) for tensor in graph.tensors
                       if tensor.type == INT8 and model.buffers[tensor.buffer].data is not None),
                      default=0)
        self.work = max(self.elements, weights * self.size(output[:-1]))
        self.weights = sum(0 if buffer.data is None else len(buffer.data)
                           for buffer in self.model.buffers)

    @staticmethod
    def size(shape):
        size = 1
        for extent in shape:
            size *= int(extent)
        return size


def merged(layers):
    """One model of all layers, each output with its layer's number for a name."""
    result, graph = schema.ModelT(), schema.SubGraphT()
    result.version = 3
    result.operatorCodes, result.subgraphs, result.buffers = [], [graph], []
    graph.tensors, graph.operators, graph.inputs, graph.outputs = [], [], [], []
    for number, layer in enumerate(layers):
        model, part = layer.model, layer.model.subgraphs[0]
        first = len(graph.tensors)
        for tensor in part.tensors:
            tensor.buffer += len(result.buffers)
            tensor.name = f"{number}.{len(graph.tensors)}"
            graph.tensors.append(tensor)
        graph.tensors[first + part.outputs[0]].name = str(number)
        for operator in part.operators:
            operator.opcodeIndex += len(result.operatorCodes)
            operator.inputs = [first + index for index in operator.inputs]
            operator.outputs = [first + index for index in operator.outputs]
            graph.operators.append(operator)
        graph.inputs += [first + index for index in part.inputs]
        graph.outputs += [first + index for index in part.outputs]
        result.operatorCodes += model.operatorCodes
        result.buffers += model.buffers
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(result.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def images(layers):
    """The layers in order, as many together as fit."""
    image = []
    for layer in layers:
        if image and (sum(each.activations for each in image) + layer.activations > ACTIVATIONS
                      or sum(each.weights for each in image) + layer.weights > WEIGHTS):
            yield image
            image = []
        image.append(layer)
    if image:
        yield image


def profile(image, arguments, folder):
    """The figures of each layer of an image."""
    source, target = folder / "layers.tflite", folder / "layers.oct"
    source.write_bytes(merged(image))
    arguments.octet("import", source, "-o", target, "--force")
    words = ["--board", ROOT / "Firmware/Boards" / arguments.board]
    words += ["--cpu", arguments.cpu] if arguments.cpu else []
    report = arguments.octet.json("board", "profile", *words, target)
    rows = [{"layer": layer.name, "elements": layer.elements, "macs": 0, "cost": 0}
            for layer in image]
    for operator in report["operators"]:
        row = rows[int(operator["name"])]
        row["macs"] += operator["macCount"]
        row["cost"] += operator.get("cycleCount", operator["instructionCount"])
    return rows


def table(rows, unit, before):
    width = max(len(row["layer"]) for row in rows)
    lines = [f"{'layer':<{width}} {unit:>12}       cost" + ("    before" if before else "")]
    for row in sorted(rows, key=lambda row: row["each"], reverse=True):
        line = f"{row['layer']:<{width}} {row['each']:12.2f} {row['cost']:10}"
        old = before.get(row["layer"])
        lines.append(line + (f" {row['cost'] / old - 1:+9.1%}" if old else ""))
    return "\n".join(lines)


def wanted(arguments):
    for name, make in [*sweep_layers.multiplied_layers(), *sweep_layers.layers()]:
        if any(fnmatch.fnmatch(name, pattern) for pattern in arguments.patterns or ["*"]):
            layer = Layer(name, make())
            if layer.work <= arguments.most:
                yield layer


def main(arguments):
    rows, failures, before = [], [], {}
    if arguments.before:
        report = json.loads(pathlib.Path(arguments.before).read_text())
        before = {row["layer"]: row["cost"] for row in report["layers"]}
    arguments.octet.build()
    with tempfile.TemporaryDirectory() as name:
        for image in images(wanted(arguments)):
            try:
                rows += profile(image, arguments, pathlib.Path(name))
            except OctetError as error:
                failures.append(f"{image[0].name} … {image[-1].name}: {error}")
    if not rows and not failures:
        print("no layer has such a name", file=sys.stderr)
        return False
    for row in rows:
        row["each"] = row["cost"] / (row["macs"] or row["elements"])
    for unit, part in [("a MAC", [row for row in rows if row["macs"]]),
                       ("an element", [row for row in rows if not row["macs"]])]:
        if part:
            print(table(part, unit, before) + "\n")
    print(f"{len(rows)} layers on {arguments.board} {arguments.cpu or ''}")
    for failure in failures:
        print(failure, file=sys.stderr)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"layers": rows}, indent=2) + "\n")
    return not failures
