"""Models with int16 activations (TensorFlow Lite's 16x8: symmetric int16, int8 weights, biases of
int64 or int32), with the bytes that TensorFlow Lite for Microcontrollers gives for them: operators
alone, and networks that TensorFlow's converter wrote."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

from corpus.tflite_builder import INT8, INT32, OPERATORS, Builder, options
from support import peers

INT16, INT64 = 7, 4
NONE, RELU, RELU6 = 0, 1, 3
SAME, VALID = 0, 1
SAMPLE_COUNT = 3


class Maker:
    """One operator on random scales."""

    def __init__(self, name):
        self.random = np.random.default_rng(list(name.encode()))
        self.b = Builder()

    def scale(self, low=1e-5, high=4e-4):
        return np.float32(np.exp(self.random.uniform(np.log(low), np.log(high))))

    def wide(self, shape, scale=None, data=None):
        return self.b.tensor(shape, scale or self.scale(), 0, INT16, data)

    def weights(self, shape, channel_axis, count, per_channel=True):
        data = self.random.integers(-127, 128, shape).astype(np.int8)
        scales = [self.scale(2e-3, 2e-2) for _ in range(count if per_channel else 1)]
        return self.b.tensor(shape, scales, 0, INT8, data, channel_axis), np.array(scales)

    def bias(self, kind, count, scales):
        if kind is None:
            return -1
        reach = 1 << (20 if kind == INT32 else 34)
        data = self.random.integers(-reach, reach, count)
        data = data.astype(np.int32 if kind == INT32 else np.int64)
        return self.b.tensor([count], scales, 0, kind, data)

    def done(self, inputs, outputs):
        self.b.inputs, self.b.outputs = inputs, outputs
        return self.b


def windows(size, kernel, stride, dilation, padding):
    reach = (kernel - 1) * dilation + 1
    return -(-size // stride) if padding == SAME else (size - reach) // stride + 1


def gain(x, scales, depth):
    """An output scale at which most of the range is used, and a little more."""
    return np.float32(x * float(np.mean(scales)) * 73 * np.sqrt(depth) * 1.7)


def convolution(name, size=(7, 6), channels=(3, 5), kernel=(3, 3), stride=(1, 1), dilation=(1, 1),
                padding=SAME, activation=NONE, bias=INT64, per_channel=True, groups=1):
    m = Maker(name)
    own = m.scale()
    x = m.wide([1, *size, channels[0]], own)
    depth = kernel[0] * kernel[1] * channels[0] // groups
    w, scales = m.weights([channels[1], *kernel, channels[0] // groups], 0, channels[1],
                          per_channel)
    inputs = [x, w, m.bias(bias, channels[1], scales * own)]
    extent = [windows(*each, padding) for each in zip(size, kernel, stride, dilation)]
    y = m.wide([1, *extent, channels[1]], gain(own, scales, depth))
    m.b.operator(OPERATORS.CONV_2D, inputs[:2] if bias is None else inputs, [y], *options(
        "Conv2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
        dilationHFactor=dilation[0], dilationWFactor=dilation[1],
        fusedActivationFunction=activation), version=4)
    return m.done([x], [y])


def depthwise(name, size=(7, 6), channels=4, multiplier=1, kernel=(3, 3), stride=(1, 1),
              dilation=(1, 1), padding=SAME, activation=NONE, bias=INT64):
    m = Maker(name)
    own = m.scale()
    x = m.wide([1, *size, channels], own)
    count = channels * multiplier
    w, scales = m.weights([1, *kernel, count], 3, count)
    extent = [windows(*each, padding) for each in zip(size, kernel, stride, dilation)]
    y = m.wide([1, *extent, count], gain(own, scales, kernel[0] * kernel[1]))
    inputs = [x, w, m.bias(bias, count, scales * own)]
    m.b.operator(OPERATORS.DEPTHWISE_CONV_2D, inputs[:2] if bias is None else inputs, [y], *options(
        "DepthwiseConv2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
        dilationHFactor=dilation[0], dilationWFactor=dilation[1], depthMultiplier=multiplier,
        fusedActivationFunction=activation), version=5)
    return m.done([x], [y])


def connected(name, rows=1, depth=37, count=9, activation=NONE, bias=INT64, per_channel=False):
    m = Maker(name)
    own = m.scale()
    x = m.wide([rows, depth], own)
    w, scales = m.weights([count, depth], 0, count, per_channel)
    y = m.wide([rows, count], gain(own, scales, depth))
    b = m.bias(bias, count, scales * own)
    m.b.operator(OPERATORS.FULLY_CONNECTED, [x, w, b], [y], *options(
        "FullyConnectedOptions", fusedActivationFunction=activation), version=7)
    return m.done([x], [y])


def conversion(name, source, target, ratio):
    m = Maker(name)
    shape, scale = [1, 5, 4, 3], m.scale(1e-3, 1e-2)
    x = m.b.tensor(shape, scale, 0 if source == INT16 else -17, source)
    y = m.b.tensor(shape, np.float32(scale * ratio), 0 if target == INT16 else 23, target)
    m.b.operator(OPERATORS.QUANTIZE, [x], [y], *options("QuantizeOptions"), version=3)
    return m.done([x], [y])


def binary(name, code, kind, shapes=None, activation=NONE, constant=False):
    m = Maker(name)
    shapes = shapes or ([1, 4, 5, 3], [1, 4, 5, 3])
    scales = m.scale(), m.scale()
    a = m.wide(shapes[0], scales[0])
    data = m.random.integers(-32768, 32768, shapes[1]).astype(np.int16) if constant else None
    b = m.wide(shapes[1], scales[1], data)
    out = np.float32(scales[0] * scales[1] * 15000) if code == OPERATORS.MUL else np.float32(
        max(scales) * 1.3)
    y = m.wide(list(np.broadcast_shapes(*shapes)), out)
    fields = {} if code == OPERATORS.MUL else {"potScaleInt16": False}
    m.b.operator(code, [a, b], [y], *options(
        kind, fusedActivationFunction=activation, **fields), version=3)
    return m.done([a] if constant else [a, b], [y])


def pool(name, code, size=(7, 6), kernel=(2, 2), stride=(2, 2), padding=VALID, activation=NONE):
    m = Maker(name)
    scale = m.scale()
    x = m.wide([1, *size, 3], scale)
    extent = [windows(*each, 1, padding) for each in zip(size, kernel, stride)]
    y = m.wide([1, *extent, 3], scale)
    m.b.operator(code, [x], [y], *options(
        "Pool2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
        filterHeight=kernel[0], filterWidth=kernel[1], fusedActivationFunction=activation),
        version=3)
    return m.done([x], [y])


def unary(name, code, kind, scale=None, output=2.0 ** -15, shape=(1, 4, 50), **fields):
    m = Maker(name)
    x = m.wide(list(shape), scale or m.scale())
    y = m.wide(list(shape), np.float32(output))
    settings = options(kind, **fields) if kind else (None, 0)
    m.b.operator(code, [x], [y], *settings, version=3)
    return m.done([x], [y])


def mean(name, shape, axes, keeps, ratio):
    m = Maker(name)
    scale = m.scale()
    x = m.wide(shape, scale)
    kept = [1 if k in axes else size for k, size in enumerate(shape)]
    if not keeps:
        kept = [size for k, size in enumerate(shape) if k not in axes]
    y = m.wide(kept, np.float32(scale * ratio))
    m.b.operator(OPERATORS.MEAN, [x, m.b.integers(axes)], [y], *options(
        "ReducerOptions", keepDims=keeps), version=3)
    return m.done([x], [y])


def moved(name, code, shapes, output, parameters=(), kind=None, **fields):
    m = Maker(name)
    scale = m.scale()
    inputs = [m.wide(shape, scale) for shape in shapes]
    y = m.wide(output, scale)
    rest = [m.b.integers(values) for values in parameters]
    settings = options(kind, **fields) if kind else (None, 0)
    m.b.operator(code, inputs + rest, [y], *settings, version=3)
    return m.done(inputs, [y])


def operators():
    """Each operator over its corners, by name."""
    ops = OPERATORS
    image = [1, 5, 4, 3]
    calls = {
        "conv-same": (convolution, {}),
        "conv-valid-stride": (convolution, dict(
            size=(9, 8), stride=(2, 3), padding=VALID, activation=RELU)),
        "conv-dilated": (convolution, dict(size=(9, 9), dilation=(2, 3), activation=RELU6)),
        "conv-1x1": (convolution, dict(kernel=(1, 1), channels=(9, 6))),
        "conv-tensor-scale": (convolution, dict(per_channel=False)),
        "conv-bias32": (convolution, dict(bias=INT32)),
        "conv-no-bias": (convolution, dict(bias=None, kernel=(2, 3), channels=(5, 4))),
        "conv-deep": (convolution, dict(size=(3, 3), channels=(160, 3), padding=VALID)),
        "conv-groups": (convolution, dict(channels=(6, 4), groups=2)),
        "depthwise-same": (depthwise, {}),
        "depthwise-multiplier": (depthwise, dict(multiplier=3, channels=2, activation=RELU)),
        "depthwise-stride-valid": (depthwise, dict(size=(9, 10), stride=(2, 2), padding=VALID)),
        "depthwise-dilated": (depthwise, dict(size=(9, 10), dilation=(3, 2))),
        "depthwise-bias32": (depthwise, dict(bias=INT32)),
        "connected-one-scale": (connected, {}),
        "connected-channels": (connected, dict(per_channel=True, rows=3, activation=RELU)),
        "connected-bias32": (connected, dict(bias=INT32)),
        "connected-no-bias": (connected, dict(bias=None)),
        "connected-deep": (connected, dict(depth=700, count=3)),
        "quantize-16-8": (conversion, dict(source=INT16, target=INT8, ratio=240)),
        "quantize-8-16": (conversion, dict(source=INT8, target=INT16, ratio=1 / 250)),
        "quantize-16-16": (conversion, dict(source=INT16, target=INT16, ratio=0.7)),
        "quantize-16-16-up": (conversion, dict(source=INT16, target=INT16, ratio=1.9)),
        "add": (binary, dict(code=ops.ADD, kind="AddOptions")),
        "add-row": (binary, dict(code=ops.ADD, kind="AddOptions", activation=RELU,
                                 shapes=([1, 4, 5, 3], [1, 1, 1, 3]))),
        "add-constant": (binary, dict(code=ops.ADD, kind="AddOptions", constant=True,
                                      shapes=([1, 4, 5, 3], [1, 1, 1, 3]))),
        "subtract": (binary, dict(code=ops.SUB, kind="SubOptions", activation=RELU6)),
        "multiply": (binary, dict(code=ops.MUL, kind="MulOptions")),
        "multiply-row": (binary, dict(code=ops.MUL, kind="MulOptions", activation=RELU,
                                      shapes=([1, 4, 5, 3], [1, 1, 1, 3]))),
        "max-pool": (pool, dict(code=ops.MAX_POOL_2D)),
        "max-pool-same": (pool, dict(code=ops.MAX_POOL_2D, kernel=(3, 3), padding=SAME,
                                     activation=RELU)),
        "average-pool": (pool, dict(code=ops.AVERAGE_POOL_2D)),
        "average-pool-same": (pool, dict(code=ops.AVERAGE_POOL_2D, kernel=(3, 3), stride=(1, 2),
                                         padding=SAME, activation=RELU6)),
        "mean": (mean, dict(shape=[1, 6, 5, 4], axes=[1, 2], keeps=False, ratio=0.6)),
        "mean-kept": (mean, dict(shape=[1, 6, 5, 4], axes=[1, 2], keeps=True, ratio=1.0)),
        "mean-channels": (mean, dict(shape=[1, 6, 5, 7], axes=[3], keeps=False, ratio=0.8)),
        "concatenation": (moved, dict(code=ops.CONCATENATION, kind="ConcatenationOptions", axis=3,
                                      shapes=[[1, 4, 3, 2], [1, 4, 3, 5]], output=[1, 4, 3, 7])),
        "concatenation-rows": (moved, dict(
            code=ops.CONCATENATION, kind="ConcatenationOptions", axis=1,
            shapes=[[1, 4, 3, 2], [1, 2, 3, 2]], output=[1, 6, 3, 2])),
        "pad": (moved, dict(code=ops.PAD, kind="PadOptions", shapes=[image], output=[1, 8, 5, 3],
                            parameters=[[[0, 0], [1, 2], [0, 1], [0, 0]]])),
        "reshape": (moved, dict(code=ops.RESHAPE, kind="ReshapeOptions", shapes=[image],
                                output=[1, 60], parameters=[[1, 60]])),
        "transpose": (moved, dict(code=ops.TRANSPOSE, kind="TransposeOptions", shapes=[image],
                                  output=[1, 3, 5, 4], parameters=[[0, 3, 1, 2]])),
        "slice": (moved, dict(
            code=ops.STRIDED_SLICE, kind="StridedSliceOptions", shapes=[[1, 7, 6, 3]],
            output=[1, 3, 4, 2], parameters=[[0, 1, 1, 0], [1, 7, 5, 2], [1, 2, 1, 1]])),
        "softmax": (unary, dict(code=ops.SOFTMAX, kind="SoftmaxOptions", beta=1.0)),
        "softmax-beta": (unary, dict(code=ops.SOFTMAX, kind="SoftmaxOptions", beta=0.7,
                                     scale=np.float32(1e-3), shape=(3, 130))),
        "logistic": (unary, dict(code=ops.LOGISTIC, kind=None)),
        "logistic-power": (unary, dict(code=ops.LOGISTIC, kind=None, scale=np.float32(2**-12),
                                       shape=(1, 40, 50))),
        "tanh": (unary, dict(code=ops.TANH, kind=None, shape=(1, 40, 50))),
        "tanh-power": (unary, dict(code=ops.TANH, kind=None, scale=np.float32(2**-12),
                                   shape=(1, 40, 50))),
        "tanh-coarse": (unary, dict(code=ops.TANH, kind=None, scale=np.float32(1.1e-3))),
    }
    return {name: call(name, **settings) for name, (call, settings) in calls.items()}


def feeds(builder, name):
    """Samples of all codes; of tensors whose scale says little, near zero as well."""
    random = np.random.default_rng(list(b"samples " + name.encode()))
    samples = []
    for sample in range(SAMPLE_COUNT):
        samples.append([])
        for index in builder.inputs:
            tensor = builder.tensors[index]
            kind = np.int16 if tensor.type == INT16 else np.int8
            limits = np.iinfo(kind)
            reach = 1.0 if sample < 2 else 0.05
            codes = random.uniform(limits.min * reach, limits.max * reach + 1, tensor.shape)
            codes = np.clip(np.floor(codes), limits.min, limits.max).astype(kind)
            if sample == 1:
                codes.flat[0], codes.flat[-1] = limits.min, limits.max
            samples[-1].append(codes)
    return samples


def recorded(content, samples):
    """Inputs and outputs end to end, little-endian."""
    with peers.silence():
        from tflite_micro import runtime
        interpreter = runtime.Interpreter.from_bytes(content, arena_size=1 << 22)
    outputs = b""
    for sample in samples:
        for index, value in enumerate(sample):
            interpreter.set_input(value, index)
        interpreter.invoke()
        outputs += b"".join(np.ascontiguousarray(interpreter.get_output(index)).tobytes()
                            for index in range(peers.output_count(content)))
    return b"".join(value.tobytes() for sample in samples for value in sample), outputs


# Networks by TensorFlow's converter.

def networks():
    """Keras models by name: what each is, and which of its activations become int16."""
    import tensorflow as tf
    layers = tf.keras.layers

    def lenet():
        x = source = layers.Input((28, 28, 1), batch_size=1)
        x = layers.Conv2D(6, 5, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
        x = layers.Conv2D(16, 5, activation="relu")(x)
        x = layers.AveragePooling2D(2)(x)
        x = layers.Dense(120, activation="relu")(layers.Flatten()(x))
        x = layers.Dense(84, activation="tanh")(x)
        return tf.keras.Model(source, layers.Dense(10, activation="softmax")(x))

    def separable():
        x = source = layers.Input((25, 10, 1), batch_size=1)
        x = layers.Conv2D(8, (10, 4), strides=2, padding="same", activation="relu")(x)
        for _ in range(2):
            x = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
            x = layers.Conv2D(8, 1, activation="relu")(x)
        x = layers.GlobalAveragePooling2D()(x)
        return tf.keras.Model(source, layers.Dense(12, activation="softmax")(x))

    def residual():
        x = source = layers.Input((12, 12, 3), batch_size=1)
        x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
        y = layers.Conv2D(8, 3, padding="same")(layers.Conv2D(
            8, 3, padding="same", activation="relu")(x))
        x = layers.ReLU()(layers.Add()([x, y]))
        y = layers.Conv2D(12, 3, strides=2, padding="same")(x)
        x = layers.Add()([layers.Conv2D(12, 1, strides=2)(x), y])
        gate = layers.Dense(12, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))
        x = layers.Multiply()([x, layers.Reshape((1, 1, 12))(gate)])
        x = layers.Concatenate()([x, layers.ZeroPadding2D(1)(layers.MaxPooling2D(
            3, strides=1)(x))])
        return tf.keras.Model(source, layers.Dense(5)(layers.Flatten()(x)))

    return {"lenet": lenet(), "separable": separable(), "residual": residual()}


def converted(model, name):
    import tensorflow as tf
    random = np.random.default_rng(list(name.encode()))
    for variable in model.weights:
        shape = variable.shape
        depth = max(1, int(np.prod(shape[:-1])))
        spread = 1.4 / np.sqrt(depth) if len(shape) > 1 else 0.2
        variable.assign(random.normal(0, spread, shape).astype(np.float32))
    shape = model.inputs[0].shape
    samples = [random.uniform(-1, 1, shape).astype(np.float32) for _ in range(20)]
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int16
    with peers.silence():
        return converter.convert()


def make():
    """The files by name."""
    files = {}

    def add(name, content, samples):
        files[f"{name}.tflite"] = content
        files[f"{name}.input.bin"], files[f"{name}.output.bin"] = recorded(content, samples)

    for name, builder in operators().items():
        add(name, builder.bytes(), feeds(builder, name))
    for name, model in networks().items():
        random = np.random.default_rng(list(b"samples " + name.encode()))
        shape = model.inputs[0].shape
        add(name, converted(model, name), [
            [random.integers(-32768, 32768, shape).astype(np.int16)] for _ in range(SAMPLE_COUNT)])
    return files
