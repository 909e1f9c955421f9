"""Models of several operators: to read, to cut off, and to change at random."""

import numpy as np
from onnx import TensorProto, helper

from corpus import onnx_hostile, onnx_int16, onnx_int4, onnx_quantized
from corpus.onnx_builder import model, node, port, tensor

INT64, INT8, UINT8 = np.int64, np.int8, np.uint8


def residual(real):
    w1, g, b, m = real(4, 2, 3, 3), real(4), real(4), real(4)
    return model(
        "residual", [
            node("Conv", "x w1", "a", name="conv1", pads=[1] * 4, kernel_shape=[3, 3]),
            node("BatchNormalization", "a g b m v", "bn", name="bn"),
            node("Relu", "bn", "r", name="relu"),
            node("Conv", "r w2 bias2", "c", name="conv2", group=4, pads=[1] * 4),
            node("Add", "c r", "s", name="add"),
            node("Concat", "s r", "cat", name="cat", axis=1),
            node("AveragePool", "cat", "ap", name="pool", kernel_shape=[2, 2], strides=[2, 2],
                 ceil_mode=1),
            node("GlobalAveragePool", "ap", "gap", name="gap"),
            node("Flatten", "gap", "f", name="flat"),
            node("Gemm", "f w3 b3", "z", name="fc", transB=1),
            node("Softmax", "z", "y", name="softmax", axis=1)],
        [port("x", ["N", 2, 5, 5])], [port("y", ["N", 3])],
        [tensor("w1", w1), tensor("g", g), tensor("b", b), tensor("m", m),
         tensor("v", np.ones(4)), tensor("w2", real(4, 1, 3, 3)), tensor("bias2", real(4)),
         tensor("w3", real(3, 8)), tensor("b3", real(3))])


def shape_chain(real):
    """A shape that the model computes for its Reshape."""
    return model(
        "shape_chain", [
            node("Conv", "x w", "a", name="conv", auto_pad="SAME_UPPER", strides=[2, 2]),
            node("Shape", "a", "s", name="shape"),
            node("Gather", "s zero", "n", name="gather", axis=0),
            node("Unsqueeze", "n axes", "nu", name="unsq"),
            node("Concat", "nu minus", "target", name="cat", axis=0),
            node("Reshape", "a target", "f", name="reshape"),
            node("MatMul", "f m", "p", name="matmul"),
            node("Add", "p b", "q", name="add"),
            node("Clip", "q lo hi", "y", name="clip")],
        [port("x", ["N", 3, 4, 6])], [port("y", ["N", 5])],
        [tensor("w", real(2, 3, 3, 3)), tensor("zero", 0, INT64), tensor("axes", [0], INT64),
         tensor("minus", [-1], INT64), tensor("m", real(12, 5)), tensor("b", real(5)),
         tensor("lo", 0), tensor("hi", 6)])


def arranged(real):
    return model(
        "arranged", [
            node("Transpose", "x", "t", name="to_nchw", perm=[0, 3, 1, 2]),
            node("Pad", "t pads", "p", name="pad", mode="reflect"),
            node("Split", "p parts", "s1 s2", name="split", axis=1),
            node("PRelu", "s1 slope", "pr", name="prelu"),
            node("Resize", "pr - scales", "rs", name="resize", mode="linear"),
            node("MaxPool", "rs", "mp", name="pool", kernel_shape=[2, 2], strides=[2, 2]),
            node("Mul", "mp s2", "mu", name="mul"),
            node("Slice", "mu st en ax", "sl", name="slice"),
            node("ReduceMean", "sl", "rm", name="mean", axes=[2], keepdims=0),
            node("Conv", "rm w", "c1", name="conv1d", pads=[1, 1]),
            node("Transpose", "c1", "y", name="back", perm=[0, 2, 1])],
        [port("x", [1, 4, 5, 2])], [port("y", [1, 6, 3])],
        [tensor("pads", [0, 0, 1, 1, 0, 0, 1, 1], INT64), tensor("parts", [1, 1], INT64),
         tensor("slope", real(1, 1, 1)), tensor("scales", [1, 1, 2, 2]),
         tensor("st", [1], INT64), tensor("en", [7], INT64), tensor("ax", [3], INT64),
         tensor("w", real(3, 1, 3))])


def old(real):
    return model(
        "old", [
            node("Conv", "x w", "a", name="conv"), node("LRN", "a", "l", name="lrn", size=3),
            node("LeakyRelu", "l", "k", name="leaky"), node("Dropout", "k", "d", name="drop"),
            node("Upsample", "d sc", "u", name="up"), node("Softmax", "u", "y", name="soft")],
        [port("x", [1, 1, 4, 4])], [port("y", [1, 2, 4, 4])],
        [tensor("w", real(2, 1, 3, 3)), tensor("sc", [1, 1, 2, 2])], opset=9, ir_version=5)


def transposed(real):
    return model(
        "transposed", [
            node("ConvTranspose", "x w b", "a", name="up", group=2, strides=[2, 2],
                 pads=[1, 0, 0, 1], output_padding=[1, 0]),
            node("HardSwish", "a", "h", name="hs"), node("Sigmoid", "h", "y", name="sig")],
        [port("x", ["N", 4, 3, 3])], [port("y", ["N", 6, None, None])],
        [tensor("w", real(4, 3, 3, 3)), tensor("b", real(6))])


def on_grid(value, grid, label=None):
    """Nodes that put a value on a grid; `x` becomes `xd`."""
    codes, reals = (label or value) + "q", (label or value) + "d"
    return [node("QuantizeLinear", f"{value} {grid}s {grid}z", codes, name="q" + value),
            node("DequantizeLinear", f"{codes} {grid}s {grid}z", reals, name="d" + value)]


def qdq(random):
    weights = random.integers(-127, 128, (3, 2, 3, 3)).astype(INT8)
    last = on_grid("g", "y")
    last[1].output[0] = "y"
    return model(
        "qdq", [
            *on_grid("x", "x"),
            node("DequantizeLinear", "wq ws wz", "wd", name="dw", axis=0),
            node("DequantizeLinear", "bq bs", "bd", name="db", axis=0),
            node("Conv", "xd wd bd", "c", name="conv"), node("Relu", "c", "r", name="relu"),
            *on_grid("r", "y"), node("GlobalAveragePool", "rd", "g", name="gap"), *last],
        [port("x", ["N", 2, 4, 4])], [port("y", ["N", 3, 1, 1])],
        [tensor("xs", 0.01), tensor("xz", 128, UINT8), tensor("wq", weights, INT8),
         tensor("ws", [0.01, 0.02, 0.005]), tensor("wz", [0] * 3, INT8),
         tensor("bq", [100, -50, 3], np.int32), tensor("bs", [1e-4, 2e-4, 5e-5]),
         tensor("ys", 0.02), tensor("yz", 0, UINT8)])


def branch(random):
    """A condition that a shape decides, and one within; with an input for it."""
    def real(*shape):
        return random.standard_normal(shape)

    x, own = real(1, 2, 4, 4), real(1, 3, 1, 1)
    # What a branch gives has no type here, as some exporters leave it.
    inner = {
        "then_branch": helper.make_graph(
            [node("Mul", "conv scale", "m2")], "t2", [],
            [helper.make_empty_tensor_value_info("m2")]),
        "else_branch": helper.make_graph(
            [node("Identity", "conv", "i2")], "e2", [],
            [helper.make_empty_tensor_value_info("i2")])}
    outer = {
        "then_branch": helper.make_graph(
            [node("Squeeze", "conv ax", "sq"), node("Identity", "sq", "sq2")], "t", [],
            [helper.make_empty_tensor_value_info(name) for name in ("sq", "sq2")],
            [tensor("ax", [0], INT64)]),
        "else_branch": helper.make_graph(
            [node("Add", "conv own", "ad"), node("If", "is4", "r2", **inner),
             node("Relu", "r2", "re")], "e", [],
            [helper.make_empty_tensor_value_info(name) for name in ("ad", "re")],
            [tensor("own", own)])}
    return x, model(
        "branch", [
            node("Conv", "x w", "conv"), node("Add", "conv b", "biased"), node("Shape", "x", "s"),
            node("Gather", "s k1", "d"), node("Equal", "d one", "is1"),
            node("Equal", "d two", "is4"), node("If", "is1", "r q", **outer),
            node("Add", "r biased", "z")],
        [port("x", [1, 2, 4, 4])], [port("z", [1, 3, 4, 4]), port("q", [1, 3, 4, 4])],
        [tensor("w", real(3, 2, 1, 1)), tensor("b", real(3, 1, 1)), tensor("k1", 1, INT64),
         tensor("one", 1, INT64), tensor("two", 2, INT64), tensor("scale", 2)])


def first(real):
    """Operator set 1."""
    return model(
        "first", [
            node("Conv", "x w", "c"), node("Add", "c b", "a", broadcast=1, axis=1),
            node("Mul", "a v", "m", broadcast=1), node("PRelu", "m s", "p"),
            node("Pad", "p", "q", paddings=[0, 0, 1, 1, 0, 0, 1, 1]),
            node("Upsample", "q", "u", width_scale=1.5, height_scale=2.0),
            node("Tile", "u t ax", "ti"), node("Split", "ti sp", "s1 s2", axis=1),
            node("Concat", "s1 s2", "cc"),
            node("ImageScaler", "cc", "im", scale=2.0, bias=[1.0, 2.0, 3.0, 4.0]),
            node("Dropout", "im", "dr", is_test=1), node("Reshape", "dr", "r", shape=[0, -1]),
            node("Cast", "r", "i", to="INT32")],
        [port("x", [1, 4, 4, 4])], [port("i", [1, 864], TensorProto.INT32)],
        [tensor("w", real(4, 4, 1, 1)), tensor("b", real(4)), tensor("v", real(4)),
         tensor("s", np.abs(real(4))), tensor("t", 2), tensor("ax", 2), tensor("sp", [1, 3])],
        opset=1)


def defined(real):
    """Operators that ONNX defines by others."""
    return model(
        "defined", [
            node("Conv", "x w", "c"), node("GroupNormalization", "c g g", "gn", num_groups=2),
            node("SpaceToDepth", "gn", "sd", blocksize=2),
            node("DepthToSpace", "sd", "ds", blocksize=2, mode="CRD"),
            node("LayerNormalization", "ds l", "ln mean dev"),
            node("LpPool", "ln", "lp", kernel_shape=[2, 2], strides=[2, 1], pads=[1, 0, 1, 1], p=3,
                 ceil_mode=1),
            node("MeanVarianceNormalization", "lp", "mv"),
            node("LpNormalization", "mv", "nn", p=1, axis=1), node("GlobalLpPool", "nn", "gl", p=2),
            node("RMSNormalization", "gl one", "rm"), node("Mean", "rm gl mean", "o")],
        [port("x", [1, 4, 4, 4])], [port("o", [1, 4, 4, 1])],
        [tensor("w", real(4, 4, 1, 1)), tensor("g", real(4)), tensor("l", real(4)),
         tensor("one", real(1))], opset=23)


def sequences(opset, random):
    """Operators on sequences; set 11 has no Identity of one. With the model's input."""
    def real(*shape):
        return random.standard_normal(shape)

    def sequence(name):
        return helper.make_tensor_sequence_value_info(name, TensorProto.FLOAT, None)

    copied = (node("Identity", "longer", "copied") if opset > 11
              else node("SequenceErase", "longer2 zero", "copied"))
    weights = real(3, 2, 2, 2)
    return real(1, 2, 5, 4), model(
        f"test_octet_sequences_{opset}", [
            node("SplitToSequence", "x two", "parts", name="split", axis=2),
            node("SequenceLength", "parts", "length"), node("SequenceAt", "parts last", "tail"),
            node("Relu", "tail", "positive"), node("SequenceErase", "parts last", "shorter"),
            node("SequenceInsert", "shorter positive zero", "longer"),
            node("SequenceInsert", "longer x zero", "longer2"), copied,
            node("ConcatFromSequence", "copied", "joined", axis=2),
            node("SplitToSequence", "joined", "rows", name="rows", axis=-1, keepdims=0),
            node("ConcatFromSequence", "rows", "turned", axis=1, new_axis=1),
            node("SequenceConstruct", "x turned", "pair"), node("Conv", "x w", "c"),
            node("SequenceEmpty", "", "none"), node("SequenceInsert", "none c", "one")],
        [port("x", [1, 2, 5, 4])],
        [port("joined", [1, 2, 5, 4]), port("turned", [1, 4, 2, 5]),
         port("length", [], TensorProto.INT64), sequence("pair"), sequence("one")],
        [tensor("two", 2, INT64), tensor("last", -1, INT64), tensor("zero", 0, INT64),
         tensor("w", weights)], opset=opset)


def quantized_products():
    """Products of two activations, in QDQ and as QLinearMatMul."""
    def grid(number, scale, zero):
        return [tensor(f"s{number}", scale), tensor(f"z{number}", zero, INT8)]

    def rounded(value, number):
        return [node("QuantizeLinear", f"{value} s{number} z{number}", value + "_q",
                     name=value + "/q"),
                node("DequantizeLinear", f"{value}_q s{number} z{number}", value + "_d",
                     name=value + "/d")]

    return model(
        "quantized_products", [
            *rounded("x", 0), node("Transpose", "x_d", "t", name="swap", perm=[0, 2, 1]),
            node("MatMul", "x_d t", "p", name="gram"), *rounded("p", 2),
            node("Reshape", "p_d shape", "r", name="plain"),
            node("Gemm", "r r", "g", name="gemm", transB=1), *rounded("g", 5),
            node("Reshape", "p_q shape", "rq", name="codes"),
            node("QLinearMatMul", "g_q s7 z7 rq s9 z9 s11 z11", "m_q", name="qlinear"),
            node("DequantizeLinear", "m_q s11 z11", "y", name="last")],
        [port("x", [1, 4, 6])], [port("y", [4, 4])],
        [*grid(0, 0.02, 5), *grid(2, 0.12, -3), tensor("shape", [4, 4], INT64), *grid(5, 3.5, -40),
         *grid(7, 3.5, -40), *grid(9, 0.12, -3), *grid(11, 61, 7)])


def quantized_functions():
    """Functions of one value, each on a grid of its own."""
    random = np.random.default_rng(3)
    nodes, constants = [], []

    def constant(name, values, scale, kind=INT8, label=""):
        constants.extend([tensor(name, values, kind), tensor(name + ".s", scale),
                          tensor(name + ".z", 0, kind)])
        nodes.append(node("DequantizeLinear", f"{name} {name}.s {name}.z", name + ".dq"))

    def rounded(name, scale, zero):
        constants.extend([tensor(name + ".s", scale), tensor(name + ".z", zero, INT8)])
        nodes.extend([node("QuantizeLinear", f"{name} {name}.s {name}.z", name + ".q"),
                      node("DequantizeLinear", f"{name}.q {name}.s {name}.z", name + ".dq")])

    def apply(operator, inputs, name, scale, zero, **attributes):
        nodes.append(node(operator, inputs, name, name=name, **attributes))
        rounded(name, scale, zero)

    step = np.float32(2 / 255)
    rounded("x", step, 0)
    constant("w", random.integers(-127, 128, (3, 1, 3, 3)), 0.01)
    constant("b", random.integers(-300, 300, 3), np.float32(0.01) * step, np.int32)
    apply("Conv", "x.dq w.dq b.dq", "conv", 0.02, 3)
    apply("Tanh", "conv.dq", "tanh", 0.0075, -2)
    constants.append(tensor("two", 2))
    apply("Div", "tanh.dq two", "half", 0.004, 0)
    constants.append(tensor("slopes", np.reshape([0.1, 0.25, -0.5], (3, 1, 1))))
    apply("PRelu", "half.dq slopes", "prelu", 0.004, 10)
    apply("Sigmoid", "prelu.dq", "sigmoid", 0.005, -120)
    apply("Flatten", "sigmoid.dq", "flat", 0.005, -120)
    constant("v", random.integers(-127, 128, (5, 12)), 0.02)
    apply("Gemm", "flat.dq v.dq", "scores", 0.08, 0, transB=1)
    nodes.append(node("LogSoftmax", "scores.dq", "classes", name="classes", axis=1))
    return model("functions", nodes, [port("x", [1, 1, 4, 4])], [port("classes", [1, 5])],
                 constants, ir_version=10)


def make():
    random = np.random.default_rng(0)

    def real(*shape):
        return random.standard_normal(shape).astype(np.float32) * np.float32(0.3)

    # In the order in which they take random numbers.
    models = {build.__name__: build(real)
              for build in (residual, shape_chain, arranged, old, transposed)}
    models["qdq"] = qdq(random)
    files = onnx_hostile.make(real)
    random = np.random.default_rng(5)
    models["branch"] = branch(random)[1]

    def other(*shape):
        return random.standard_normal(shape)

    other(1, 4, 4, 4)
    models["first"] = first(other)
    models["defined"] = defined(other)
    models["sequences"] = sequences(17, np.random.default_rng(17))[1]
    models["quantized_products"] = quantized_products()
    models["quantized_functions"] = quantized_functions()
    files |= {f"{name}.onnx": value.SerializeToString() for name, value in models.items()}
    return files | onnx_quantized.make() | onnx_int16.make() | onnx_int4.make()
