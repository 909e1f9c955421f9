"""Random Keras networks, converted to TFLite by TensorFlow's own converter in every quantization
that it offers, imported by Octet and compared.

    Tools/crosscheck keras [--count 40] [--seed 1] [--keep FOLDER]

int8 models: Octet's bytes against TensorFlow Lite for Microcontrollers' (where it lacks an operator
or misreads an open batch, against TFLite's reference kernels), zero may differ. Float
models, also with weights in float16 or int8: ONNX Runtime on what Octet writes against the float
network of Keras with the file's weights (TFLite's reference kernels), within 1e-4 of the largest
output. Prints each difference and each refusal; exit status 1 when there is one.
"""

import collections
import pathlib
import tempfile

import numpy as np

from corpus.keras_models import (
    as_codes, converter, interpreter, micro_runs, reference_runs, tf)
from crosschecks.keras_networks import NETWORKS
from support.octet import OctetError, add_octet
from support.peers import session, silence

SAMPLE_COUNT = 6


def convert(model, kind, random, fixed):
    tool = converter(model, fixed)
    shapes = [(1, *tensor.shape[1:]) for tensor in model.inputs]

    def samples():
        for _ in range(12):
            yield [random.normal(size=shape).astype(np.float32) for shape in shapes]

    if kind != "float":
        tool.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        tool.target_spec.supported_types = [tf.float16]
    if kind.startswith("int8") or kind == "uint8":
        tool.representative_dataset = samples
        tool.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if kind == "int8-tensor":
        tool._experimental_disable_per_channel = True
    if kind == "int8-dense":
        tool._experimental_disable_per_channel_quantization_for_dense_layers = True
    if kind in ("int8", "int8-tensor", "int8-dense"):
        tool.inference_input_type = tool.inference_output_type = tf.int8
    if kind == "uint8":
        tool.inference_input_type = tool.inference_output_type = tf.uint8
    return tool.convert()


def check_int8(arguments, path, folder, random):
    arguments.octet("import", path, "-o", folder / "m.oct")
    content = path.read_bytes()
    inputs = interpreter(content).get_input_details()
    data, feeds = as_codes(inputs, random, SAMPLE_COUNT)
    ours = arguments.octet.outputs(folder / "m.oct", data)
    theirs = micro_runs(content, feeds)
    if theirs is None:
        theirs = reference_runs(content, feeds)
    if len(ours) != len(theirs):
        return f"{len(ours)} bytes instead of {len(theirs)}"
    differing = int((ours != theirs).sum())
    return f"{differing} of {len(ours)} bytes differ" if differing else None


def arranged(values, shape):
    shape = [size if isinstance(size, int) else 1 for size in shape]
    if values.ndim == 4 and len(shape) == 4:
        moved = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
        if list(moved.shape) == shape:
            return moved
    return values.reshape(shape)


def check_float(arguments, path, folder, random, model, kind):
    arguments.octet("import", path, "-o", folder / "m.onnx")
    lite = tf.lite.Interpreter(
        model_path=str(path),
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF)
    lite.allocate_tensors()
    peer = session(folder / "m.onnx")
    inputs, outputs = lite.get_input_details(), lite.get_output_details()
    worst = 0
    for _ in range(SAMPLE_COUNT):
        feeds = {}
        for details, port in zip(inputs, peer.get_inputs()):
            values = random.normal(size=details["shape"]).astype(np.float32)
            lite.set_tensor(details["index"], values)
            feeds[port.name] = arranged(values, port.shape)
        lite.invoke()
        for details, result in zip(outputs, peer.run(None, feeds)):
            wanted = lite.get_tensor(details["index"])
            if wanted.ndim == 4 and result.shape != wanted.shape or (
                    wanted.ndim == 4 and result.ndim == 4):
                back = result.transpose(0, 2, 3, 1)
                choices = [r for r in (back, result) if r.shape == wanted.shape] or [
                    result.reshape(wanted.shape)]
            else:
                choices = [result.reshape(wanted.shape)]
            distance = min(np.abs(choice - wanted).max() for choice in choices)
            worst = max(worst, float(distance / max(np.abs(wanted).max(), 1e-3)))
    # LiteRT quantizes the activations of a model with int8 weights on the fly.
    limit = 0.1 if kind == "dynamic" else 1e-4
    return f"{worst:.2g} of the largest output apart" if not worst <= limit else None


def add_arguments(parser):
    add_octet(parser)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, help="keep models that fail here")
    parser.add_argument("--only", help="one network")


def main(arguments):
    counts = collections.Counter()
    kinds = ["int8", "int8-tensor", "int8-dense", "uint8", "int8-float", "float", "float16",
             "dynamic"]
    names = [name for name in NETWORKS if not arguments.only or name == arguments.only]
    for number in range(arguments.count):
        random = np.random.default_rng([arguments.seed, number])
        name = names[number % len(names)]
        tf.keras.utils.set_random_seed(number)
        tf.keras.backend.clear_session()
        try:
            model = NETWORKS[name](random)
        except Exception as error:
            print(f"{number} {name}: no network: {str(error)[:200]}")
            continue
        chosen = [kinds[number // len(names) % 5], kinds[5 + number // len(names) % 3]]
        for kind in chosen:
            fixed = bool(random.integers(2))
            label = f"{number}-{name}-{kind}" + ("" if fixed else "-open")
            with tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                path = folder / "model.tflite"
                try:
                    with silence():
                        path.write_bytes(convert(model, kind, random, fixed))
                except Exception as error:
                    counts["not converted"] += 1
                    print(f"{label}: TensorFlow does not convert it: {str(error)[:100]!r}")
                    continue
                try:
                    if kind.startswith("int8") or kind == "uint8":
                        if kind == "int8-float":
                            arguments.octet("import", path, "-o", folder / "m.oct")
                            problem = None
                        else:
                            problem = check_int8(arguments, path, folder, random)
                    else:
                        problem = check_float(arguments, path, folder, random, model, kind)
                    outcome = "differs" if problem else "same"
                except OctetError as error:
                    problem = str(error)
                    outcome = "refused" if error.verb == "import" else "failed"
                counts[f"{kind.split('-')[0]} {outcome}"] += 1
                if problem:
                    print(f"{label}: {outcome}: {problem}", flush=True)
                    if arguments.keep:
                        arguments.keep.mkdir(parents=True, exist_ok=True)
                        (arguments.keep / f"{label}.tflite").write_bytes(path.read_bytes())
    print(", ".join(f"{key}: {value}" for key, value in sorted(counts.items())))
    return not any(word in key for key in counts for word in ("differs", "refused", "failed"))
