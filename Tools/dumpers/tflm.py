"""Runs a .tflite model in TensorFlow Lite for Microcontrollers and keeps every tensor.

    octet diff M.tflite --against 'Tools/dump-tensors tflm M.tflite'

Its bytes are what Octet's must be.
"""

import importlib.metadata

import numpy as np
from support import dumps, flat
from support.peers import silence
from tflite_micro import runtime


def add_arguments(parser):
    dumps.add_arguments(parser)
    parser.add_argument("--arena", type=int, default=1 << 26, help="its memory, in bytes")


def main(arguments):
    model = arguments.model.read_bytes()
    graph = flat.Graph(model)
    values = dumps.samples(arguments, graph.ports())
    with silence():
        interpreter = runtime.Interpreter.from_bytes(
            model, arena_size=arguments.arena,
            intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors)
    made = {index: [] for index in graph.made}
    for sample in range(len(values[0])):
        for position, batch in enumerate(values):
            interpreter.set_input(batch[sample].reshape(graph.shape(graph.inputs[position])),
                                  position)
        interpreter.invoke()
        for index in graph.made:
            made[index].append(np.array(interpreter.GetTensor(index, 0)["tensor_data"])
                               .reshape(graph.shape(index)))
    version = importlib.metadata.version("tflite-micro")
    graph.dump(arguments.tensors, f"TensorFlow Lite Micro {version}", values, made)
