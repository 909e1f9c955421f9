"""Models at the edge of rounding, with the bytes of TensorFlow Lite for Microcontrollers."""

from corpus.tie_models import NearTies, outputs

# Of about thirty small models an operator, the number of the one in which the most bytes are at the
# edge, or differed when the file was made.
NUMBERS = {
    "convolution": 18, "convolution_channels": 12, "depthwise": 3, "depthwise_channels": 12,
    "transposed": 10, "transposed_channels": 27, "fully_connected": 8,
    "fully_connected_channels": 3, "batch_matmul": 6, "computed_weights": 6, "add": 5,
    "subtract": 17, "multiply": 22, "squared_difference": 6, "requantize": 26, "relu": 7,
    "relu6": 25, "leaky_relu": 12, "prelu": 16, "hard_swish": 4, "elu": 5, "absolute": 19,
    "mean": 23, "sum": 5, "wrapping_pooled": 7,
}


def make():
    files = {}
    for name in NearTies.NAMES:
        builder, samples = NearTies.model(name, NUMBERS.get(name, 0), is_small=True)
        files[f"{name}.tflite"] = builder.bytes()
        files[f"{name}.input.bin"] = samples.tobytes()
        files[f"{name}.output.bin"] = outputs(builder, samples).tobytes()
    return files
