"""Small models of Keras, written by TensorFlow's converter, with the bytes that TensorFlow Lite for
Microcontrollers gives for them, or LiteRT's reference kernels where it cannot run the file."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import tensorflow as tf
from tflite_micro import runtime

from support.peers import silence

L = tf.keras.layers
INT8, UINT8 = tf.int8, tf.uint8
SAMPLE_COUNT = 2


def converter(model, fixed):
    """The batch is 1, or open as Keras leaves it, which gives nodes that compute shapes."""
    if fixed:
        inputs = [tf.keras.Input(batch_shape=(1, *tensor.shape[1:])) for tensor in model.inputs]
        model = tf.keras.Model(inputs, model(inputs if len(inputs) > 1 else inputs[0]))
    return tf.lite.TFLiteConverter.from_keras_model(model)


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




def as_codes(inputs, random, count):
    """Random int8 samples end to end, and what an interpreter with these inputs is fed."""
    data, feeds = [], []
    for _ in range(count):
        feeds.append([])
        for details in inputs:
            codes = random.integers(-128, 128, details["shape"]).astype(np.int8)
            data.append(codes.ravel())
            is_unsigned = details["dtype"] == np.uint8
            feeds[-1].append((codes.astype(np.int16) + 128).astype(np.uint8) if is_unsigned
                             else codes)
    return np.concatenate(data), feeds


# The networks. Each is the smallest in which the converter writes what its name says.

def hard_sigmoid(x):
    return L.Lambda(lambda t: tf.nn.relu6(t + 3.0) * (1 / 6))(x)


def normalized(x):
    return L.BatchNormalization(
        beta_initializer="random_normal", moving_mean_initializer="random_normal")(x)


def attention():
    source = L.Input((6, 5))
    x = L.MultiHeadAttention(3, 4)(source, source)
    return source, L.Dense(3)(L.GlobalAveragePooling1D()(x))


def computed_products():
    """The shape of a dense layer on a sequence of an open batch."""
    source = L.Input((14, 4))
    x = L.MaxPooling1D(2)(L.Conv1D(6, 3, 1, "causal", activation="relu")(source))
    x = L.GlobalMaxPooling1D()(L.Dense(4)(x))
    return source, L.Dense(3, activation="softmax")(x)


def computed_weights():
    """A product of an activation with itself."""
    source = L.Input((6, 5))
    x = L.Lambda(lambda t: tf.expand_dims(
        tf.nn.relu(tf.matmul(t[0], t[0], transpose_b=True)), 0))(source)
    return source, L.Dense(3)(L.GlobalAveragePooling1D()(x))


def maximum_over_sequence():
    source = L.Input((14, 1))
    x = L.GlobalMaxPooling1D()(L.Conv1D(5, 3, 2, activation="relu")(source))
    return source, L.Dense(3, activation="softmax")(x)


def new_axis():
    source = L.Input((10, 6, 6))
    x = hard_sigmoid(normalized(L.Conv2D(8, 3, padding="same")(source)))
    x = L.Lambda(lambda t: t[:, :, 0, tf.newaxis, :])(x)
    x = L.Lambda(lambda t: tf.concat(tf.split(t, 2, axis=-1)[::-1], axis=1))(x)
    return source, L.Dense(7)(L.Flatten()(L.Permute((3, 1, 2))(x)))


def open_batch_dilated():
    """Dilated convolutions between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND."""
    def dilated(x):
        return L.DepthwiseConv2D(3, 1, "same", dilation_rate=2, bias_initializer="random_normal")(x)

    source = L.Input((12, 12, 4))
    x = L.Lambda(lambda t: tf.nn.relu6(t + 3.0))(dilated(source))
    x = L.ReLU()(dilated(L.Conv2D(5, 1)(x)))
    return source, L.Activation("sigmoid")(L.Conv2D(3, 1, use_bias=False)(x))


def open_batch_transposed():
    source = L.Input((7, 11, 1))
    x = L.Conv2D(6, 3, 2, "same", activation="relu", use_bias=False)(source)
    x = L.Conv2DTranspose(4, (2, 3), 2, activation="relu", use_bias=False)(x)
    return source, L.Lambda(lambda t: tf.maximum(-1.0, tf.minimum(t, 1.0)))(x)


def relu6_of_another_scale():
    """RELU6 behind MINIMUM, which its result's scale differs from."""
    def convolution(x, activation=None):
        x = normalized(L.Conv2D(6, (2, 3), padding="same", use_bias=False)(x))
        return activation(x) if activation else x

    source = L.Input((10, 13, 1))
    x = convolution(source, L.ReLU(6.0))
    x = L.ReLU(6.0)(L.Minimum()([x, convolution(x)]))
    x = L.ReLU()(L.Subtract()([x, convolution(x, L.ReLU())]))
    return source, L.Dense(9)(L.Flatten()(L.MaxPooling2D((10, 13))(x)))


def repeated():
    """Rows and columns repeated by TILE, in uint8."""
    source = L.Input((7, 6, 1))
    x = hard_sigmoid(normalized(L.Conv2D(6, 3)(source)))
    x = L.Conv2D(5, 2)(L.UpSampling2D(3)(x))
    return source, L.Activation("sigmoid")(x)


def unread_dequantize():
    """Two inputs, three outputs, and a DEQUANTIZE that nothing reads."""
    first, second = L.Input((6, 7, 3)), L.Input((6, 7, 3))
    a = normalized(L.Conv2D(4, 3, padding="same")(first))
    a = L.Lambda(lambda t: tf.maximum(t, t * 0.25))(a)
    b = L.ReLU()(normalized(L.Conv2D(4, 2, padding="same", use_bias=False)(second)))
    joined = L.Concatenate()([a, b])
    outputs = [L.Dense(3)(L.Flatten()(joined)), L.Softmax()(L.Dense(5)(L.Flatten()(a))), joined]
    return [first, second], outputs


# The name of the file: what makes the network, whether its batch is open, and the ports' type.
MODELS = {
    "attention": (attention, False, INT8),
    "computed-products": (computed_products, True, INT8),
    "computed-weights": (computed_weights, False, INT8),
    "maximum-over-sequence": (maximum_over_sequence, True, INT8),
    "new-axis": (new_axis, False, INT8),
    "open-batch-dilated": (open_batch_dilated, True, INT8),
    "open-batch-transposed": (open_batch_transposed, True, INT8),
    "relu6-of-another-scale": (relu6_of_another_scale, False, INT8),
    "repeated": (repeated, True, UINT8),
    "unread-dequantize": (unread_dequantize, True, INT8),
}


def converted(name):
    build, is_open, kind = MODELS[name]
    tf.keras.backend.clear_session()
    tf.keras.utils.set_random_seed(1)
    random = np.random.default_rng(1)
    model = tf.keras.Model(*build())
    shapes = [(1, *tensor.shape[1:]) for tensor in model.inputs]
    samples = [[random.normal(size=shape).astype(np.float32) for shape in shapes]
               for _ in range(12)]
    tool = converter(model, fixed=not is_open)
    tool.optimizations = [tf.lite.Optimize.DEFAULT]
    tool.representative_dataset = lambda: iter(samples)
    tool.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    tool.inference_input_type = tool.inference_output_type = kind
    with silence():
        return tool.convert()


def make():
    """The files of the corpus, by name."""
    files = {}
    for name in MODELS:
        content = converted(name)
        data, feeds = as_codes(
            interpreter(content).get_input_details(), np.random.default_rng(1), SAMPLE_COUNT)
        outputs = micro_runs(content, feeds)
        if outputs is None:
            outputs = reference_runs(content, feeds)
        files[f"{name}.tflite"] = content
        files[f"{name}.input.bin"] = data.tobytes()
        files[f"{name}.output.bin"] = outputs.tobytes()
    return files
