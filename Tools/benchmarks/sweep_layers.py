"""int8 TFLite models of one layer each, of the shapes that networks have: for `sweep`."""

import itertools

import numpy as np

from corpus.tflite_builder import INT32, OPERATORS, Builder, options

SAME, VALID = 0, 1


def layer(code, inputs, output, extra=(), chosen=(None, 0), output_scale=0.05):
    """A model of one operator: shapes of the inputs and of the output, `extra(builder)` tensors."""
    b = Builder()
    b.inputs = [b.tensor(shape, 0.05, -3) for shape in inputs]
    parameters = extra(b) if extra else []
    b.outputs = [b.tensor(output, output_scale, -3 if output_scale == 0.05 else -128)]
    b.operator(code, b.inputs + parameters, b.outputs, *chosen)
    return b.bytes()


def weights(b, shape, axis, count):
    """Weights, one scale for each of `count` channels such that sums fill int8, and biases."""
    random = np.random.default_rng(7)
    values = random.integers(-127, 128, shape, np.int8)
    depth = values.size // count
    scales = random.uniform(0.5, 1, count) / (74 * np.sqrt(depth))
    biases = random.integers(-500, 500, count).astype(np.int32)
    return [b.tensor(shape, scales, data=values, axis=axis),
            b.tensor([count], 0.05 * scales, kind=INT32, data=biases)]


def extent(size, kernel, stride, dilation, padding):
    return -(-(size if padding == SAME else size - (kernel - 1) * dilation) // stride)


def window(image, kernel, stride, dilation, padding):
    """The output's height and width."""
    pairs = zip(image[:2], kernel, stride, dilation)
    return [extent(*each, padding) for each in pairs]


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def convolution(image, outputs, kernel, stride=1, dilation=1, padding=SAME):
    kernel, stride, dilation = pair(kernel), pair(stride), pair(dilation)
    shape = [1, *window(image, kernel, stride, dilation, padding), outputs]
    chosen = options(
        "Conv2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
        dilationHFactor=dilation[0], dilationWFactor=dilation[1], fusedActivationFunction=1)
    return layer(
        OPERATORS.CONV_2D, [[1, *image]], shape,
        lambda b: weights(b, [outputs, *kernel, image[2]], 0, outputs), chosen)


def depthwise(image, kernel, stride=1, dilation=1, multiplier=1, padding=SAME):
    kernel, stride, dilation = pair(kernel), pair(stride), pair(dilation)
    outputs = image[2] * multiplier
    shape = [1, *window(image, kernel, stride, dilation, padding), outputs]
    chosen = options(
        "DepthwiseConv2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
        dilationHFactor=dilation[0], dilationWFactor=dilation[1], depthMultiplier=multiplier,
        fusedActivationFunction=1)
    return layer(
        OPERATORS.DEPTHWISE_CONV_2D, [[1, *image]], shape,
        lambda b: weights(b, [1, *kernel, outputs], 3, outputs), chosen)


def transposed(image, outputs, kernel, stride):
    shape = [1, image[0] * stride, image[1] * stride, outputs]
    b = Builder()
    x = b.tensor([1, *image], 0.05, -3)
    size = b.integers(shape)
    filter_, bias = weights(b, [outputs, kernel, kernel, image[2]], 0, outputs)
    y = b.tensor(shape, 0.05, -3)
    b.operator(OPERATORS.TRANSPOSE_CONV, [size, filter_, x, bias], [y],
               *options("TransposeConvOptions", padding=SAME, strideH=stride, strideW=stride),
               version=3)
    b.inputs, b.outputs = [x], [y]
    return b.bytes()


def dense(inputs, outputs, rows=1):
    return layer(
        OPERATORS.FULLY_CONNECTED, [[rows, inputs]], [rows, outputs],
        lambda b: weights(b, [outputs, inputs], 0, outputs), options("FullyConnectedOptions"))


def pool(code, image, kernel, stride, padding=VALID):
    kernel, stride = pair(kernel), pair(stride)
    shape = [1, *window(image, kernel, stride, (1, 1), padding), image[2]]
    chosen = options("Pool2DOptions", padding=padding, filterHeight=kernel[0],
                     filterWidth=kernel[1], strideH=stride[0], strideW=stride[1])
    return layer(code, [[1, *image]], shape, chosen=chosen)


def binary(code, name, image, other=None):
    b = Builder()
    # Scales as training gives: of round ones the sums would often be ties.
    x = b.tensor([1, *image], 0.0497183, -3)
    y = b.tensor(other or [1, *image], 0.0312871, 5)
    z = b.tensor([1, *image], 0.0701937, -9)
    b.operator(code, [x, y], [z], *(options(name) if name else (None, 0)))
    b.inputs, b.outputs = [x, y], [z]
    return b.bytes()


def mean(image, axes):
    shape = [1] + [size for axis, size in enumerate(image, 1) if axis not in axes]
    return layer(OPERATORS.MEAN, [[1, *image]], shape, lambda b: [b.integers(axes)],
                 options("ReducerOptions", keepDims=False), output_scale=0.03)


def concatenation(image, count):
    b = Builder()
    b.inputs = [b.tensor([1, *image], 0.05, -3) for _ in range(count)]
    b.outputs = [b.tensor([1, *image[:2], image[2] * count], 0.05, -3)]
    b.operator(OPERATORS.CONCATENATION, b.inputs, b.outputs,
               *options("ConcatenationOptions", axis=3))
    return b.bytes()


def resize(code, name, image, factor, **chosen):
    size = [image[0] * factor, image[1] * factor]
    return layer(code, [[1, *image]], [1, *size, image[2]],
                 lambda b: [b.integers(size)], options(name, **chosen))


def padding(image, before, after):
    amounts = [[0, 0], [before, after], [before, after], [0, 0]]
    size = [extent_ + before + after for extent_ in image[:2]]
    return layer(OPERATORS.PAD, [[1, *image]], [1, *size, image[2]],
                 lambda b: [b.integers(amounts)], options("PadOptions"))


def unary(code, image, name=None, scale=1 / 256, **chosen):
    return layer(code, [[1, *image]], [1, *image], output_scale=scale,
                 chosen=options(name, **chosen) if name else (None, 0))


def transpose(shape, order):
    return layer(OPERATORS.TRANSPOSE, [shape], [shape[axis] for axis in order],
                 lambda b: [b.integers(order)], options("TransposeOptions"))


def slice_(image, start, size):
    return layer(OPERATORS.SLICE, [[1, *image]], [1, *size],
                 lambda b: [b.integers([0, *start]), b.integers([1, *size])],
                 options("SliceOptions"))


def nothing():
    """A model that only reshapes one value."""
    return layer(OPERATORS.RESHAPE, [[1, 1]], [1, 1, 1], lambda b: [b.integers([1, 1, 1])],
                 options("ReshapeOptions", newShape=[1, 1, 1]))


def named(kind, image, *details):
    words = ["×".join(map(str, image)), *(str(detail) for detail in details if detail)]
    return f"{kind} {' '.join(words)}"


def by(size, sign="×"):
    return sign.join(map(str, pair(size)))


def depthwise_layers():
    for image, kernels in [
            ((48, 48, 16), [3, 5, 7]), ((25, 5, 64), [3]), ((14, 14, 96), [3, 5, 7]),
            ((7, 7, 256), [3, 5]), ((12, 12, 40), [3, 5]), ((16, 16, 20), [3]),
            ((112, 112, 32), [3]), ((10, 10, 9), [3, 5]), ((24, 24, 8), [3]),
            ((96, 96, 3), [3, 5]), ((4, 4, 512), [3])]:
        for kernel, stride in itertools.product(kernels, [1, 2]):
            yield (named("depthwise", image, by(kernel), f"/{stride}"),
                   lambda a=image, k=kernel, s=stride: depthwise(a, k, s))
    for image, kernel, stride in [
            ((1, 98, 64), (1, 3), 1), ((1, 98, 64), (1, 9), 1), ((1, 49, 128), (1, 5), (1, 2)),
            ((1, 200, 24), (1, 13), 1), ((98, 1, 40), (3, 1), 1), ((49, 1, 64), (5, 1), 1),
            ((64, 1, 32), (9, 1), 1), ((28, 1, 96), (21, 1), 1), ((5, 1, 128), (5, 1), 1),
            ((25, 10, 32), (9, 1), 1), ((25, 10, 32), (1, 9), 1), ((32, 32, 16), (1, 7), 1),
            ((32, 32, 16), (7, 1), 1), ((20, 20, 30), (2, 2), 2), ((11, 11, 12), (4, 3), 1)]:
        yield (named("depthwise", image, by(kernel), f"/{by(stride)}"),
               lambda a=image, k=kernel, s=stride: depthwise(a, k, s))
    for image, kernel in [((6, 1, 64), (6, 1)), ((3, 3, 128), (3, 3)), ((5, 1, 56), (5, 1)),
                          ((7, 7, 64), (7, 7)), ((30, 1, 40), (30, 1))]:
        yield (named("depthwise", image, by(kernel), "valid"),
               lambda a=image, k=kernel: depthwise(a, k, padding=VALID))
    for image, kernel, dilation in [
            ((32, 32, 32), 3, 2), ((28, 28, 96), 3, 4), ((1, 100, 48), (1, 3), (1, 4)),
            ((100, 1, 48), (3, 1), (8, 1)), ((20, 20, 24), 5, 2)]:
        yield (named("depthwise", image, by(kernel), f"dilated {by(dilation)}"),
               lambda a=image, k=kernel, d=dilation: depthwise(a, k, dilation=d))
    for image, kernel, stride, multiplier in [
            ((32, 32, 3), 3, 1, 8), ((32, 32, 8), 3, 1, 2), ((16, 16, 16), 5, 2, 4),
            ((49, 10, 1), (10, 8), 2, 8), ((1, 64, 12), (1, 5), 1, 3), ((64, 1, 10), (5, 1), 1, 2)]:
        yield (named("depthwise", image, by(kernel), f"/{stride} multiplier {multiplier}"),
               lambda a=image, k=kernel, s=stride, m=multiplier: depthwise(a, k, s, 1, m))


def multiplied_layers():
    """Depthwise layers of few channels, and with several outputs of each: of boards' networks."""
    for channels, multiplier in itertools.product([1, 2, 3, 4, 5, 8, 12, 16, 64], [1, 2, 4, 8]):
        image = (12, 12, channels)
        yield (named("depthwise", image, f"3×3 multiplier {multiplier}"),
               lambda a=image, m=multiplier: depthwise(a, 3, 1, 1, m))
    for channels, multiplier in [(1, 8), (3, 1), (4, 2), (6, 1), (16, 4)]:
        for kernel, stride, dilation in [(5, 1, 1), (5, 2, 1), (7, 1, 1), (3, 2, 1), (3, 1, 2)]:
            image = (14, 14, channels)
            yield (named("depthwise", image, by(kernel), f"/{stride}",
                         dilation != 1 and f"dilated {dilation}", f"multiplier {multiplier}"),
                   lambda a=image, k=kernel, s=stride, d=dilation, m=multiplier: depthwise(
                       a, k, s, d, m))
        for image, kernel in [((1, 98, channels), (1, 9)), ((98, 1, channels), (5, 1))]:
            yield (named("depthwise", image, by(kernel), f"multiplier {multiplier}"),
                   lambda a=image, k=kernel, m=multiplier: depthwise(a, k, 1, 1, m))
    for image, outputs in [((12, 12, 3), 8), ((12, 12, 4), 8), ((12, 12, 8), 8)]:
        yield named("1x1", image, f"→{outputs}"), lambda a=image, o=outputs: convolution(a, o, 1)


def convolution_layers():
    for image, outputs in [
            ((25, 5, 64), 64), ((48, 48, 8), 16), ((24, 24, 16), 32), ((6, 6, 128), 128),
            ((3, 3, 256), 256), ((14, 14, 96), 24), ((14, 14, 24), 144), ((28, 28, 17), 33),
            ((9, 9, 5), 7), ((7, 7, 320), 1280), ((13, 13, 64), 256), ((27, 27, 128), 16),
            ((1, 1, 96), 24), ((1, 1, 512), 100), ((1, 49, 40), 80), ((98, 1, 12), 20),
            ((112, 112, 32), 16), ((56, 56, 24), 3), ((20, 20, 64), 1)]:
        yield named("1x1", image, f"→{outputs}"), lambda a=image, o=outputs: convolution(a, o, 1)
    for image, outputs in [((32, 32, 16), 32), ((16, 16, 32), 64)]:
        yield (named("1x1", image, f"→{outputs} /2"),
               lambda a=image, o=outputs: convolution(a, o, 1, 2))
    for image, outputs, kernel, stride in [
            ((32, 32, 16), 16, 3, 1), ((32, 32, 16), 32, 3, 2), ((16, 16, 32), 32, 3, 1),
            ((8, 8, 64), 64, 3, 1), ((14, 14, 128), 128, 3, 1), ((20, 20, 24), 40, 5, 1),
            ((9, 9, 13), 11, 3, 1), ((27, 27, 16), 64, 3, 1), ((32, 32, 80), 80, 3, 1),
            ((10, 10, 48), 6, 3, 1), ((15, 15, 10), 20, 4, 2), ((28, 28, 6), 16, 5, 1)]:
        yield (named("conv", image, f"→{outputs}", by(kernel), f"/{stride}"),
               lambda a=image, o=outputs, k=kernel, s=stride: convolution(a, o, k, s))
    for image, outputs, kernel, stride, dilation in [
            ((1, 98, 40), 24, (1, 3), 1, 1), ((1, 98, 40), 16, (1, 9), (1, 2), 1),
            ((98, 1, 40), 32, (3, 1), 1, 1), ((49, 1, 32), 32, (9, 1), (2, 1), 1),
            ((1, 1000, 1), 8, (1, 64), (1, 8), 1), ((1, 128, 6), 32, (1, 5), 1, 1),
            ((128, 1, 3), 16, (7, 1), 1, 1), ((1, 64, 64), 64, (1, 3), 1, (1, 4)),
            ((64, 1, 32), 32, (3, 1), 1, (2, 1)), ((5, 1, 40), 32, (5, 1), 1, 1)]:
        yield (named("1-D conv", image, f"→{outputs}", by(kernel), f"/{by(stride)}",
                     dilation != 1 and f"dilated {by(dilation)}"),
               lambda a=image, o=outputs, k=kernel, s=stride, d=dilation: convolution(
                   a, o, k, s, d))
    for image, outputs, kernel, stride in [
            ((28, 28, 1), 6, 5, 1), ((28, 28, 1), 32, 3, 1), ((49, 10, 1), 64, (10, 4), 2),
            ((96, 96, 1), 8, 3, 2), ((96, 96, 3), 8, 3, 2), ((32, 32, 3), 16, 3, 1),
            ((224, 224, 3), 32, 3, 2), ((64, 64, 3), 24, 5, 2), ((64, 64, 4), 16, 3, 2),
            ((224, 224, 3), 64, 7, 2), ((32, 32, 4), 12, 3, 1), ((40, 98, 1), 16, 3, 1)]:
        yield (named("first", image, f"→{outputs}", by(kernel), f"/{stride}"),
               lambda a=image, o=outputs, k=kernel, s=stride: convolution(a, o, k, s))
    for image, outputs, dilation in [((20, 20, 32), 32, 2), ((16, 16, 16), 24, 4)]:
        yield (named("conv", image, f"→{outputs} 3×3 dilated {dilation}"),
               lambda a=image, o=outputs, d=dilation: convolution(a, o, 3, 1, d))
    for inputs, outputs in [
            (8, 8), (16, 4), (64, 10), (64, 12), (128, 128), (640, 128), (128, 8), (8, 128),
            (128, 640), (256, 3), (400, 120), (120, 84), (84, 10), (512, 512), (1024, 10),
            (1280, 1000), (2048, 64), (2048, 2048), (33, 17), (4000, 4), (960, 1)]:
        yield f"dense {inputs}→{outputs}", lambda i=inputs, o=outputs: dense(i, o)
    yield "dense 64→64 of 32 rows", lambda: dense(64, 64, 32)
    for image, outputs, kernel, stride in [((8, 8, 32), 16, 2, 2), ((12, 12, 24), 24, 3, 2)]:
        yield (named("transposed", image, f"→{outputs}", by(kernel), f"/{stride}"),
               lambda a=image, o=outputs, k=kernel, s=stride: transposed(a, o, k, s))


def pool_layers():
    for kind, code in [("max pool", OPERATORS.MAX_POOL_2D),
                       ("average pool", OPERATORS.AVERAGE_POOL_2D)]:
        for image, kernel, stride, chosen in [
                ((111, 111, 64), 3, 2, VALID), ((55, 55, 128), 3, 2, VALID),
                ((27, 27, 256), 3, 2, VALID), ((24, 24, 32), 2, 2, VALID),
                ((28, 28, 6), 2, 2, VALID), ((14, 14, 48), 3, 1, SAME), ((9, 9, 10), 3, 2, SAME),
                ((32, 32, 3), 2, 2, VALID), ((1, 98, 40), (1, 2), (1, 2), VALID),
                ((98, 1, 24), (3, 1), (2, 1), VALID), ((8, 8, 64), 8, 8, VALID),
                ((25, 5, 64), (25, 5), (25, 5), VALID), ((7, 7, 320), 7, 7, VALID),
                ((13, 13, 32), 5, 1, SAME), ((49, 10, 1), 2, 2, VALID)]:
            yield (named(kind, image, by(kernel), f"/{by(stride)}",
                         chosen == SAME and "padded"),
                   lambda c=code, a=image, k=kernel, s=stride, p=chosen: pool(c, a, k, s, p))
    for image, axes in [((7, 7, 64), [1, 2]), ((8, 8, 10), [1, 2]), ((25, 5, 64), [1, 2]),
                        ((1, 49, 96), [2]), ((16, 16, 256), [1, 2]), ((14, 14, 1280), [1, 2])]:
        yield named("mean", image, f"over {axes}"), lambda a=image, x=axes: mean(a, x)


SIZES = [(32, 32, 16), (8, 8, 64), (56, 56, 24), (1, 49, 40), (7, 7, 5), (1, 1, 96)]


def elementwise_layers():
    for kind, code, name in [
            ("add", OPERATORS.ADD, "AddOptions"), ("subtract", OPERATORS.SUB, "SubOptions"),
            ("multiply", OPERATORS.MUL, "MulOptions")]:
        for image in SIZES:
            yield named(kind, image), lambda c=code, n=name, a=image: binary(c, n, a)
        for image in [(14, 14, 96), (28, 28, 40), (7, 7, 960)]:
            yield (named(kind, image, "by channel"),
                   lambda c=code, n=name, a=image: binary(c, n, a, [1, 1, 1, a[2]]))
    for kind, code in [("minimum", OPERATORS.MINIMUM), ("maximum", OPERATORS.MAXIMUM)]:
        yield (named(kind, (32, 32, 16)),
               lambda c=code: layer(c, [[1, 32, 32, 16]] * 2, [1, 32, 32, 16]))
    for image, count in [((28, 28, 32), 2), ((13, 13, 256), 2), ((14, 14, 12), 4),
                         ((55, 55, 64), 2), ((10, 10, 3), 3)]:
        yield (named("concatenation", image, f"of {count}"),
               lambda a=image, n=count: concatenation(a, n))
    for image in [(8, 8, 64), (16, 16, 3), (20, 20, 24)]:
        yield (named("resize bilinear", image, "×2"), lambda a=image: resize(
            OPERATORS.RESIZE_BILINEAR, "ResizeBilinearOptions", a, 2, halfPixelCenters=True))
        yield (named("resize nearest", image, "×2"), lambda a=image: resize(
            OPERATORS.RESIZE_NEAREST_NEIGHBOR, "ResizeNearestNeighborOptions", a, 2))
    for image in [(32, 32, 16), (112, 112, 32), (49, 10, 1), (224, 224, 3)]:
        yield named("pad", image, "0 1"), lambda a=image: padding(a, 0, 1)
        yield named("pad", image, "1 1"), lambda a=image: padding(a, 1, 1)
    for count in [10, 12, 100, 1000]:
        yield (f"softmax {count}", lambda n=count: layer(
            OPERATORS.SOFTMAX, [[1, n]], [1, n], output_scale=1 / 256,
            chosen=options("SoftmaxOptions", beta=1.0)))
    yield ("softmax 64 rows of 64", lambda: layer(
        OPERATORS.SOFTMAX, [[64, 64]], [64, 64], output_scale=1 / 256,
        chosen=options("SoftmaxOptions", beta=1.0)))
    for image in [(32, 32, 16), (1, 1, 96), (112, 112, 16)]:
        yield (named("logistic", image), lambda a=image: unary(OPERATORS.LOGISTIC, a))
        yield (named("tanh", image), lambda a=image: unary(OPERATORS.TANH, a, scale=1 / 128))
        yield (named("hard swish", image), lambda a=image: unary(
            OPERATORS.HARD_SWISH, a, "HardSwishOptions", 0.05))
        yield (named("leaky ReLU", image), lambda a=image: unary(
            OPERATORS.LEAKY_RELU, a, "LeakyReluOptions", 0.05, alpha=0.1))
        yield named("ReLU6", image), lambda a=image: unary(OPERATORS.RELU6, a, scale=0.05)
    yield "transpose 1×32×16×24 0 2 1 3", lambda: transpose([1, 32, 16, 24], [0, 2, 1, 3])
    yield "transpose 1×24×24×32 0 3 1 2", lambda: transpose([1, 24, 24, 32], [0, 3, 1, 2])
    yield (named("slice", (32, 32, 16), "to 30×30×16"),
           lambda: slice_((32, 32, 16), [1, 1, 0], [30, 30, 16]))
    yield (named("slice", (32, 32, 32), "to 32×32×16"),
           lambda: slice_((32, 32, 32), [0, 0, 16], [32, 32, 16]))


def layers():
    """The name of each layer, and a function that makes its model."""
    yield from depthwise_layers()
    yield from convolution_layers()
    yield from pool_layers()
    yield from elementwise_layers()
