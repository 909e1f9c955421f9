"""Runs a .tflite model in LiteRT, the successor of TensorFlow Lite, and keeps every tensor.

    octet diff M.tflite --against 'Tools/dump-tensors litert M.tflite'

LiteRT rounds otherwise than TensorFlow Lite for Microcontrollers and Octet: by one step in some
layers, and other ones in its reference kernels than in its optimised.
"""

import ai_edge_litert
import numpy as np
from ai_edge_litert import interpreter as litert
from support import dumps, flat

KERNELS = {
    "reference": litert.OpResolverType.BUILTIN_REF,
    "optimized": litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
}


def add_arguments(parser):
    dumps.add_arguments(parser)
    parser.add_argument("--kernels", choices=KERNELS, default="optimized")


def main(arguments):
    model = arguments.model.read_bytes()
    interpreter = litert.Interpreter(
        model_content=model, experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=KERNELS[arguments.kernels])
    interpreter.allocate_tensors()
    graph = flat.Graph(model)
    values = dumps.samples(arguments, graph.ports())
    made = {index: [] for index in graph.made}
    for sample in range(len(values[0])):
        for index, batch in zip(graph.inputs, values):
            interpreter.set_tensor(index, batch[sample].reshape(graph.shape(index)))
        interpreter.invoke()
        for index in graph.made:
            made[index].append(np.array(interpreter.get_tensor(index)))
    version = getattr(ai_edge_litert, "__version__", "")
    graph.dump(arguments.tensors, f"LiteRT {version} ({arguments.kernels})", values, made)
