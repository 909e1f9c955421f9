"""Random Keras networks, converted to TFLite by TensorFlow's own converter in every quantization
that it offers, imported by Octet and compared.

    python keras_cases.py --octet .build/release/octet [--count 40] [--seed 1] [--keep FOLDER]
    python keras_cases.py --record FILE.tflite...

int8 models: Octet's bytes against TensorFlow Lite for Microcontrollers' (where it lacks an operator
or misreads an open batch, against TFLite's reference kernels), zero may differ. Float
models, also with weights in float16 or int8: ONNX Runtime on what Octet writes against the float
network of Keras with the file's weights (TFLite's reference kernels), within 1e-4 of the largest
output. Prints each difference and each refusal; exit status 1 when there is one. Needs tensorflow,
tflite-micro and onnxruntime, from PyPI, in an environment of their own.
"""

import argparse
import collections
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import onnxruntime
import tensorflow as tf
from tflite_micro import runtime

from keras_networks import NETWORKS

SAMPLE_COUNT = 6


def converter(model, fixed):
    """The batch is 1, or open as Keras leaves it, which gives nodes that compute shapes."""
    if fixed:
        inputs = [tf.keras.Input(batch_shape=(1, *tensor.shape[1:])) for tensor in model.inputs]
        model = tf.keras.Model(inputs, model(inputs if len(inputs) > 1 else inputs[0]))
    return tf.lite.TFLiteConverter.from_keras_model(model)


@contextlib.contextmanager
def silence():
    """TensorFlow writes to both streams, from C++ too."""
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


def octet(arguments, *command):
    result = subprocess.run([arguments.octet, *map(str, command), "--quiet"], capture_output=True,
                            text=True)
    if result.returncode:
        raise RuntimeError(f"octet {command[0]}: status {result.returncode}: "
                           + result.stderr.strip()[:600])


def as_int8(values):
    """uint8 stands for the int8 that is 128 less."""
    return (values.astype(np.int16) - 128).astype(np.int8) if values.dtype == np.uint8 else values


def micro_runs(content, feeds):
    """TFLM's outputs; nothing when it has not all operators, or takes the placeholders that an open
    batch leaves in the shapes of SPACE_TO_BATCH_ND for the shapes."""
    names = {details["op_name"] for details in interpreter(content)._get_ops_details()}
    if "SPACE_TO_BATCH_ND" in names:
        return None
    try:
        with silence():
            micro = runtime.Interpreter.from_bytes(content, arena_size=8 << 20)
    except RuntimeError:
        return None
    outputs = []
    for values in feeds:
        for index, value in enumerate(values):
            micro.set_input(value, index)
        micro.invoke()
        count = len(interpreter(content).get_output_details())
        outputs += [as_int8(micro.get_output(index)).ravel() for index in range(count)]
    return np.concatenate(outputs)


def interpreter(content):
    kinds = tf.lite.experimental.OpResolverType
    try:
        with silence():
            return tf.lite.Interpreter(
                model_content=content, experimental_op_resolver_type=kinds.BUILTIN_REF)
    except ValueError:
        # Not every version of every operator is among the reference kernels.
        return tf.lite.Interpreter(
            model_content=content,
            experimental_op_resolver_type=kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES)


def reference_runs(content, feeds):
    """The outputs of LiteRT's reference kernels, where TFLM cannot."""
    lite = interpreter(content)
    lite.allocate_tensors()
    outputs = []
    for values in feeds:
        for details, value in zip(lite.get_input_details(), values):
            lite.set_tensor(details["index"], value)
        lite.invoke()
        outputs += [as_int8(lite.get_tensor(details["index"])).ravel()
                    for details in lite.get_output_details()]
    return np.concatenate(outputs)


def check_int8(arguments, path, folder, random):
    octet(arguments, "import", path, "-o", folder / "m.oct")
    content = path.read_bytes()
    inputs = interpreter(content).get_input_details()
    data, feeds = b"", []
    for _ in range(SAMPLE_COUNT):
        feeds.append([])
        for details in inputs:
            codes = random.integers(-128, 128, details["shape"]).astype(np.int8)
            data += codes.tobytes()
            is_unsigned = details["dtype"] == np.uint8
            feeds[-1].append((codes.astype(np.int16) + 128).astype(np.uint8) if is_unsigned
                             else codes)
    (folder / "in.bin").write_bytes(data)
    octet(arguments, "run", folder / "m.oct", "--raw-input", folder / "in.bin", "--raw-output",
          folder / "out.bin")
    ours = np.fromfile(folder / "out.bin", np.int8)
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
    octet(arguments, "import", path, "-o", folder / "m.onnx")
    lite = tf.lite.Interpreter(
        model_path=str(path),
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF)
    lite.allocate_tensors()
    session = onnxruntime.InferenceSession(
        str(folder / "m.onnx"), providers=["CPUExecutionProvider"])
    inputs, outputs = lite.get_input_details(), lite.get_output_details()
    worst = 0
    for _ in range(SAMPLE_COUNT):
        feeds = {}
        for details, port in zip(inputs, session.get_inputs()):
            values = random.normal(size=details["shape"]).astype(np.float32)
            lite.set_tensor(details["index"], values)
            feeds[port.name] = arranged(values, port.shape)
        lite.invoke()
        for details, result in zip(outputs, session.run(None, feeds)):
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


def record(path):
    """Writes two samples and what they give beside an int8 model: a case for the tests."""
    random = np.random.default_rng(1)
    content = path.read_bytes()
    data, feeds = b"", []
    for _ in range(2):
        feeds.append([])
        for details in interpreter(content).get_input_details():
            codes = random.integers(-128, 128, details["shape"]).astype(np.int8)
            data += codes.tobytes()
            is_unsigned = details["dtype"] == np.uint8
            feeds[-1].append((codes.astype(np.int16) + 128).astype(np.uint8) if is_unsigned
                             else codes)
    outputs = micro_runs(content, feeds)
    if outputs is None:
        outputs = reference_runs(content, feeds)
    path.with_suffix(".input.bin").write_bytes(data)
    path.with_suffix(".output.bin").write_bytes(outputs.tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--octet")
    parser.add_argument("--record", type=pathlib.Path, nargs="+")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path, help="keep models that fail here")
    parser.add_argument("--only", help="one network")
    arguments = parser.parse_args()
    for path in arguments.record or []:
        record(path)
    if arguments.record:
        return
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
                            octet(arguments, "import", path, "-o", folder / "m.oct")
                            problem = None
                        else:
                            problem = check_int8(arguments, path, folder, random)
                    else:
                        problem = check_float(arguments, path, folder, random, model, kind)
                    outcome = "differs" if problem else "same"
                except RuntimeError as error:
                    problem = str(error)
                    outcome = "refused" if "octet import" in problem else "failed"
                counts[f"{kind.split('-')[0]} {outcome}"] += 1
                if problem:
                    print(f"{label}: {outcome}: {problem}", flush=True)
                    if arguments.keep:
                        arguments.keep.mkdir(parents=True, exist_ok=True)
                        (arguments.keep / f"{label}.tflite").write_bytes(path.read_bytes())
    print(", ".join(f"{key}: {value}" for key, value in sorted(counts.items())))
    sys.exit(any(word in key for key in counts for word in ("differs", "refused", "failed")))


if __name__ == "__main__":
    main()
