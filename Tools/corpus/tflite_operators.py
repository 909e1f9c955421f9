"""Models of one operator each that the shared data has none of, and of operators in uint8."""

from corpus.tflite_cases import case
from corpus.tflite_more_cases import MoreCases

UINT8 = ["add", "concatenation", "convolution", "depthwise", "fully_connected", "mean", "softmax",
         "transposed"]


def cases():
    """Operators and forms. Of dynamic range there is no int8 form."""
    for name in MoreCases.SEEDS:
        for form in ("int8", "float"):
            if (name, form) != ("dynamic_range", "int8"):
                yield name, form, name if form == "int8" else f"{name}_{form}"
    for name in UINT8:
        yield name, "uint8", f"{name}_uint8"


def make():
    files = {}
    for name, form, label in cases():
        builder, samples, _, expected = case(name, form, 0)
        files[f"{label}_0.tflite"] = builder.bytes()
        files[f"{label}_0.input.bin"] = b"".join(
            value.tobytes() for sample in samples for value in sample)
        files[f"{label}_0.output.bin"] = expected.tobytes()
    return files
