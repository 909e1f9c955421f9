"""Opens the file of `octet diff --overlay` with Model Explorer's own package, as node data of the
model that it is for.

    octet diff M.tflite M.oct --data DIR --overlay overlay.json
    Tools/crosscheck overlay overlay.json M.tflite

Needs the PyPI package `ai-edge-model-explorer` (in a virtual environment of its own: it pins what
others need otherwise); without it nothing is checked, which is said. Exit status 1 when the file is
not what the package takes, or when fewer than half of its names are tensors of the model.
"""

import dataclasses
import importlib
import json
import math
import pathlib
import sys


def add_arguments(parser):
    parser.add_argument("overlay", type=pathlib.Path, metavar="OVERLAY.json")
    parser.add_argument("model", type=pathlib.Path, metavar="M.tflite")


def only(kind, data):
    """The dataclass of the package with exactly these fields; a field that it has not raises."""
    return kind(**data)


def main(arguments):
    try:
        explorer = importlib.import_module("model_explorer")
        builder = importlib.import_module("model_explorer.node_data_builder")
        adapter = importlib.import_module("model_explorer.builtin_tflite_flatbuffer_adapter")
    except ImportError:
        print("skipped: no Python package ai-edge-model-explorer here")
        return 0
    text = json.loads(arguments.overlay.read_text())
    data = only(builder.GraphNodeData, text)
    data.results = {k: only(builder.NodeDataResult, v) for k, v in text["results"].items()}
    data.thresholds = [only(builder.ThresholdItem, item) for item in text["thresholds"]]
    if json.loads(data.to_json_string())["results"] != text["results"]:
        sys.exit("the package writes other results than it reads")
    if not all(math.isfinite(result.value) for result in data.results.values()):
        sys.exit("a value is not finite")
    if [t.value for t in data.thresholds] != sorted(t.value for t in data.thresholds):
        sys.exit("thresholds do not rise")
    view = explorer.config()
    view.add_model_from_path(str(arguments.model))
    view.add_node_data("octet diff", data)

    graphs = adapter.BuiltinTfliteFlatbufferAdapter().convert(str(arguments.model), {})
    tensors = set()
    for collection in graphs["graphCollections"]:
        collection = dataclasses.asdict(collection) if dataclasses.is_dataclass(collection) \
            else collection
        for graph in collection["graphs"]:
            for node in graph["nodes"]:
                for output in node.get("outputsMetadata") or []:
                    tensors |= {a["value"] for a in output["attrs"] if a["key"] == "tensor_name"}
    found = tensors & data.results.keys()
    print(f"{len(data.results)} results, {len(found)} of them tensors of {arguments.model.name}, "
          f"which has {len(tensors)}")
    return 0 if 2 * len(found) >= min(len(data.results), len(tensors)) else 1
