"""ONNX Runtime and TensorFlow Lite for Microcontrollers, as several scripts run them."""

import contextlib
import os
import sys

import numpy as np


def session(path, threads=0, optimized=True):
    """An ONNX Runtime session on a file's path or bytes; 0 threads: as many as it likes."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if threads:
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(
        path if isinstance(path, bytes) else str(path), options,
        providers=["CPUExecutionProvider"])


def calibration(samples, name="x"):
    """Samples [N, …] as ONNX Runtime's quantizer reads them, one at a time."""
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):
        def __init__(self):
            self.samples = iter([{name: sample[None]} for sample in samples])

        def get_next(self):
            return next(self.samples, None)
    return Reader()


@contextlib.contextmanager
def silence():
    """TensorFlow and TFLM write to both streams, from C++ too."""
    sys.stdout.flush()
    kept = os.dup(1), os.dup(2)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        os.close(kept[0])
        os.close(kept[1])


def micro(model, samples, arena=1 << 22):
    """TFLM's outputs on samples end to end; each sample is a list of arrays, one an input."""
    from tflite_micro import runtime
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=arena)
    outputs = []
    for sample in samples:
        for index, value in enumerate(sample):
            interpreter.set_input(value, index)
        interpreter.invoke()
        outputs += [interpreter.get_output(index).ravel() for index in range(output_count(model))]
    return np.concatenate(outputs)


def output_count(model):
    from ai_edge_litert import schema_py_generated as schema
    return schema.Model.GetRootAsModel(model, 0).Subgraphs(0).OutputsLength()


def shaped(rows, shapes):
    """Rows of values as lists of arrays of these shapes, as `micro` takes them."""
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    return [[part.reshape(shape) for part, shape in zip(np.split(row, ends), shapes)]
            for row in rows]


def images_last(value):
    """As Octet has them: channels of images [N, C, H, W] behind their pixels."""
    return np.moveaxis(value, 1, -1) if value.ndim == 4 else value


def noise_ratio(outputs, real):
    """Signal to noise in dB."""
    noise = ((outputs - real) ** 2).mean()
    return 10 * np.log10(real.var() / noise) if noise else np.inf
