"""Where the test files lie: the only place that knows."""

from support.program import ROOT

ONNX = ROOT / "Tests/OctetONNXTests/Corpus"
TFLITE = ROOT / "Tests/OctetTFLiteTests/Corpus"
COMPARISONS = ROOT / "Tests/TestComparisons/Corpus"

# Of each family: its folder, and the module whose `make()` gives its files by name.
FAMILIES = {
    "keras": (TFLITE / "keras", "keras_models"),
    "tflite": (TFLITE / "tflite", "tflite_hostile"),
    "operators": (TFLITE / "operators", "tflite_operators"),
    "ties": (TFLITE / "ties", "ties"),
    "int16": (TFLITE / "int16", "int16_models"),
    "int4": (TFLITE / "int4", "int4_models"),
    "onnx": (ONNX / "onnx", "onnx_models"),
    "onnx_node": (ONNX / "onnx_node", "onnx_nodes"),
    "ports": (ONNX / "ports", "onnx_ports"),
    "shapes": (ONNX / "shapes", "onnx_shapes"),
}
# What a command of another kind makes.
OTHERS = {
    COMPARISONS / "lenet-tiny.onnx":
        "OCTET_MAKE_CORPUS=1 swift test -c release --filter makeTinyLeNet",
}
