"""The golden bytes of the data folder: what TensorFlow Lite for Microcontrollers computes with the
int8 models that are there.

    Tools/crosscheck golden [--data FOLDER]

Where golden/NAME.output.bin.gz is there, TFLM computes it again from golden/NAME.input.bin.gz, and
no byte may differ; where it is not, inputs are made (the test images for LeNet, the two pictures of
person_detect, all codes for hello_world, else random ones) and both files are written. The labelled
keywords of kws_ref_model are of Speech Commands and cannot be made here; it gets random inputs.
Exit status 1 when a byte differs.
"""

import gzip
import json

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support import files
from support.octet import add_data
from support.peers import micro, shaped

LENET = {"lenet_mnist_int8": "mnist", "lenet_fashion_int8": "fashion_mnist"}
# In the order in which they take random numbers: the model's path, its samples.
MODELS = {
    "pretrainedResnet_quant": ("mlperf_tiny", 32), "ad01_int8": ("mlperf_tiny", 64),
    "person_detect": ("tflm", 8), "micro_speech_quantized": ("tflm", 32),
    "hello_world_int8": ("tflm", 256), "vww_96_int8": ("mlperf_tiny", 16),
    "kws_ref_model": ("mlperf_tiny", 32), "lenet_mnist_int8": ("lenet", 1000),
    "lenet_fashion_int8": ("lenet", 1000),
}


def add_arguments(parser):
    add_data(parser)


def inputs(name, shape, data, random):
    """Codes [samples, elements]."""
    count, size = MODELS[name][1], int(np.prod(shape))
    if name in LENET:
        images, _ = files.pictures(data / LENET[name])
        return (images[:count].reshape(count, size) ^ np.uint8(128)).view(np.int8)
    if name == "hello_world_int8":
        return np.arange(-128, 128, dtype=np.int8).reshape(256, 1)
    if name == "ad01_int8":
        reals = np.round(random.normal(20, 30, (count, size)))
        return np.clip(reals, -128, 127).astype(np.int8)
    pictures = []
    if name == "person_detect":
        # Their pixels are the model's codes, behind a header and a palette.
        pictures = [np.frombuffer((data / f"models/tflm/{kind}.bmp").read_bytes()[1078:], np.int8)
                    for kind in ("person", "no_person")]
    codes = random.integers(-128, 128, (count - len(pictures), size)).astype(np.int8)
    return np.stack([picture[:size] for picture in pictures] + list(codes))


def ports(model):
    """The shapes of a model's inputs and outputs."""
    graph = schema.ModelT.InitFromPackedBuf(model, 0).subgraphs[0]
    return [[[int(size) for size in graph.tensors[index].shape] for index in indices]
            for indices in (graph.inputs, graph.outputs)]


def pack(path, values):
    """A compressed file, the same each time."""
    path.write_bytes(gzip.compress(values.tobytes(), 9, mtime=0))


def main(arguments):
    folder = arguments.data / "golden"
    random = np.random.default_rng(7)
    sound, index = True, {}
    for name, (place, _) in MODELS.items():
        path = arguments.data / f"models/{place}/{name}.tflite"
        if not path.exists():
            print(f"{name}: no model")
            continue
        model = path.read_bytes()
        (shape,), (result,) = ports(model)
        source, target = folder / f"{name}.input.bin.gz", folder / f"{name}.output.bin.gz"
        made = inputs(name, shape, arguments.data, random)
        codes = files.codes(source).reshape(-1, made.shape[1]) if source.exists() else made
        outputs = micro(model, shaped(codes, [shape]))
        words = f"{len(codes)} samples{', as made here' if np.array_equal(codes, made) else ''}"
        if target.exists():
            differing = int((files.codes(target) != outputs).sum())
            print(f"{name}: {words}, {outputs.size} bytes, {differing} differ", flush=True)
            sound &= differing == 0
        else:
            folder.mkdir(parents=True, exist_ok=True)
            pack(source, codes)
            pack(target, outputs)
            print(f"{name}: {words}, {outputs.size} bytes, written", flush=True)
        index[name] = {
            "model": str(path.relative_to(arguments.data)), "samples": len(codes),
            "input": shape, "output": result, "dtype": "int8"}
    if index and not (folder / "index.json").exists():
        (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    return sound
