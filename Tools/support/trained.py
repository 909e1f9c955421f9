"""A network that is trained, quantized and compared, for tables over networks and seeds."""

import json
import statistics


def trained(octet, words, seed, threads, data, work, name):
    """What training, quantization and diff report, as a dictionary; `model` and `blob` are files.
    A model that is already in the folder `work` is not trained again."""
    model, blob = work / f"{name}-{seed}.onnx", work / f"{name}-{seed}.oct"
    report = model.with_suffix(".json")
    if not (model.exists() and report.exists()):
        report.write_text(json.dumps(octet.json(
            "train", *words, "--data", data, "--seed", seed, "--threads", threads, "--force",
            "-o", model)))
    training = json.loads(report.read_text())
    quantized = octet.json("quantize", model, "--data", data, "--force", "-o", blob)
    diff = octet.json("diff", model, blob, "--data", data)
    return {
        "seed": seed, "floatTop1": diff["floatTop1"], "int8Top1": diff["int8Top1"],
        "parameterCount": training["parameterCount"], "seconds": training["seconds"],
        "epochSeconds": statistics.mean(epoch["seconds"] for epoch in training["epochs"]),
        "fileByteCount": quantized["fileByteCount"],
        "arenaByteCount": quantized["arenaByteCount"], "blob": str(blob),
    }


def mean(runs, key):
    return statistics.mean(run[key] for run in runs)
