"""The peers of a benchmark: each has a name, an input shape, set_input, invoke and output."""

import importlib.metadata
import os
import threading
import time

import flatbuffers
import numpy
from ai_edge_litert import interpreter as litert
from ai_edge_litert import schema_py_generated as schema

from benchmarks import any_batch
from support import files
from support.peers import session


def versions():
    names = ("ai-edge-litert", "tflite-micro", "onnxruntime", "torch", "numpy")
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def readable(path):
    """The model's bytes, such that LiteRT 2.3 takes them: old converters wrote the channel axis of
    four dimensions for biases of one, which it refuses."""
    with open(path, "rb") as file:
        data = file.read()
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    changed = False
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            parameters = tensor.quantization
            rank = 0 if tensor.shape is None else len(tensor.shape)
            if parameters and parameters.quantizedDimension >= max(1, rank):
                changed = True
                parameters.quantizedDimension = 0
    if not changed:
        return data
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


class LiteRT:
    def __init__(self, data, uses_xnnpack):
        self.name = "LiteRT " + versions()["ai-edge-litert"] + (
            " XNNPACK" if uses_xnnpack else " builtin")
        resolver = litert.OpResolverType
        kind = resolver.AUTO if uses_xnnpack else resolver.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self.interpreter = litert.Interpreter(
            model_content=data, num_threads=1, experimental_op_resolver_type=kind)
        self.interpreter.allocate_tensors()
        self.input = self.interpreter.get_input_details()[0]
        self.input_shape = tuple(self.input["shape"])
        self.invoke = self.interpreter.invoke

    def set_input(self, values):
        self.interpreter.set_tensor(self.input["index"], values.reshape(self.input_shape))


class Micro:
    def __init__(self, path):
        from tflite_micro.python.tflite_micro import runtime
        self.name = "TFLM " + versions()["tflite-micro"].split(".")[-1]
        self.interpreter = runtime.Interpreter.from_file(path, arena_size=1 << 20)
        self.input_shape = tuple(self.interpreter.get_input_details(0)["shape"])
        self.invoke = self.interpreter.invoke

    def set_input(self, values):
        self.values = values.reshape(self.input_shape)
        self.interpreter.set_input(self.values, 0)

    def output(self):
        self.interpreter.set_input(self.values, 0)
        self.invoke()
        return self.interpreter.get_output(0)


class ONNXRuntime:
    def __init__(self, path):
        self.name = "ONNX Runtime " + versions()["onnxruntime"] + " QDQ"
        self.session = session(path, threads=1)
        self.input = self.session.get_inputs()[0]

    def set_input(self, values):
        shape = [size if isinstance(size, int) else 1 for size in self.input.shape]
        feed = {self.input.name: (values.reshape(shape).astype(numpy.float32) + 128) / 255}
        self.invoke = lambda run=self.session.run: run(None, feed)


def for_model(path, onnx_path):
    data = readable(path)
    peers = [LiteRT(data, True), LiteRT(data, False), Micro(path)]
    if onnx_path and os.path.exists(onnx_path):
        peers.append(ONNXRuntime(onnx_path))
    return peers


def together(workers):
    """Runs them on a thread each; the runtimes release Python's lock."""
    threads = [threading.Thread(target=worker) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def lite_worker(data, values, batch, threads):
    interpreter = litert.Interpreter(model_content=data, num_threads=threads)
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, [batch, 28, 28, 1])
    interpreter.allocate_tensors()
    output = interpreter.get_output_details()[0]["index"]

    def run():
        for first in range(0, len(values) - batch + 1, batch):
            interpreter.set_tensor(index, values[first:first + batch])
            interpreter.invoke()
            interpreter.get_tensor(output)
    return run


def onnx_worker(data, images, batch, threads):
    peer = session(data, threads=threads)
    name = peer.get_inputs()[0].name

    def run():
        for first in range(0, len(images), batch):
            peer.run(None, {name: images[first:first + batch]})
    return run


def evaluate(runners, data, threads=2, rounds=15):
    """Images a second over MNIST's 10,000 test images, interleaved. `runners` are Octet's, one for
    each thread, with evaluate(images); the best of the rounds counts. The peers run with each of
    several batches, as one session on two threads and as a session for each thread."""
    pixels = files.pictures(data / "mnist")[0][..., None]
    values = (pixels.astype(numpy.int16) - 128).astype(numpy.int8)
    images = pixels.reshape(-1, 1, 28, 28).astype(numpy.float32) / 255
    folder = data / "models/lenet"
    peers = [
        ("LiteRT", lite_worker, values,
         any_batch.tflite(folder / "lenet_mnist_int8.tflite")),
        ("ONNX Runtime", onnx_worker, images,
         any_batch.onnx_model(folder / "lenet_mnist_pytorch_qdq.onnx")),
    ]
    octets = [
        lambda runner=runner, part=part: runner.evaluate(part)
        for runner, part in zip(runners, numpy.array_split(values, threads))]
    candidates = {"Octet, one image at a time": lambda: together(octets)}
    for peer, make, samples, model in peers:
        for batch in (1, 25, 100, 500):
            one = make(model, samples, batch, threads)
            candidates[f"{peer}, batch {batch}, {threads} threads"] = one
            many = [make(model, part, batch, 1) for part in numpy.array_split(samples, threads)]
            candidates[f"{peer}, batch {batch}, {threads} sessions"] = (
                lambda many=many: together(many))
    seconds = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, run in candidates.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    rates = {name: round(len(values) / min(list_)) for name, list_ in seconds.items()}
    ours = rates["Octet, one image at a time"]
    return {
        "imageCount": len(values), "threads": threads, "imagesPerSecond": rates,
        "ratio": {name: round(ours / rate, 2) for name, rate in rates.items()}}
