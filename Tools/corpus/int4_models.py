"""Models of one operator with weights of int4, with the bytes that TensorFlow Lite for
Microcontrollers gives for them: the random ones of `Tools/crosscheck tflite-operators`."""

from corpus.tflite_cases import Cases, case

COUNT = 4
SEED = 11


def make():
    """The files by name."""
    files = {}
    for operator in Cases.NARROW:
        for number in range(COUNT):
            builder, samples, peer, expected = case(operator, "int4", number, SEED)
            if peer != "TFLM":
                raise ValueError(f"{operator}: only {peer} runs it")
            name = f"{operator.replace('_', '-')}-{number}"
            files[f"{name}.tflite"] = builder.bytes()
            files[f"{name}.input.bin"] = b"".join(
                value.tobytes() for sample in samples for value in sample)
            files[f"{name}.output.bin"] = expected.tobytes()
    return files
