"""Cases in the layout of ONNX's operator tests, of what its tests in the shared data have not: old
operator sets, branches, sequences, ONNX Runtime's operators on integers, grids that differ; and
five of ONNX's own, of training modes and blocks."""

import importlib.machinery
import importlib.util

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from corpus import onnx_models, onnx_old
from corpus.onnx_builder import model, node, port, tensor
from corpus.onnx_old import Case
from support.peers import session
from support.program import TOOLS

# Of ONNX 1.22, as Tools/fetch-conformance gets them.
PUBLISHED = ["test_batchnorm_example_training_mode", "test_dequantizelinear_blocked",
             "test_quantizelinear_blocked_asymmetric", "test_training_dropout",
             "test_training_dropout_default_mask"]


def added(files, built, inputs, outputs, name=None):
    """A case's files, tensors in the order of its ports."""
    folder = name or built.graph.name
    files[f"{folder}/model.onnx"] = built.SerializeToString()
    for kind, tensors in (("input", inputs), ("output", outputs)):
        for index, value in enumerate(tensors):
            files[f"{folder}/test_data_set_0/{kind}_{index}.pb"] = value.SerializeToString()


def ran(built, x, named):
    """The outputs of a model for an input `x`, as tensors or sequences, with names or without."""
    results = runtime(built)(None, {"x": x})
    return [(numpy_helper.from_list if isinstance(value, list) else numpy_helper.from_array)(
        value, info.name if named else None) for value, info in zip(results, built.graph.output)]


def runtime(built):
    return session(built.SerializeToString()).run


def reference(built):
    return ReferenceEvaluator(built).run


def defined_23(real):
    """Operators that ONNX defines by others, on an input and on what a node gives."""
    case = Case("test_octet_defined_23", 23)
    case.input("x", real(2, 8, 2, 4))
    for name, *shape in (("gain", 8), ("offset", 8), ("kernel", 8, 8, 1, 1), ("lg", 4), ("lo", 4),
                         ("wg", 8, 2, 4), ("rg", 2, 4)):
        case.constant(name, real(*shape))
    real(80)
    zeros = real(3, 4)
    zeros[0] = 0
    case.input("z", zeros)

    def add(operator, inputs, results=1, **attributes):
        return case.apply(operator, inputs, None, results, results, **attributes)

    convolved = add("Conv", "x kernel")
    for x in ("x", convolved):
        add("GroupNormalization", f"{x} gain offset", num_groups=2)
        add("DepthToSpace", x, blocksize=2, mode="CRD")
        add("DepthToSpace", x, blocksize=2)
        add("SpaceToDepth", x, blocksize=2)
        add("LayerNormalization", f"{x} lg lo", 3)
        add("LayerNormalization", f"{x} wg", axis=1, epsilon=1e-3)
        add("RMSNormalization", f"{x} rg", axis=-2)
        add("MeanVarianceNormalization", x)
        add("MeanVarianceNormalization", x, axes=[1])
        add("LpNormalization", x, axis=1)
        add("Mean", f"{x} x")
        add("Mish", x)
        add("LpPool", x, kernel_shape=[2, 2], strides=[2, 1], p=2)
    add("LpNormalization", "z", p=2)
    return case


def defined_18(real):
    case = Case("test_octet_defined_18", 18)
    case.input("x", real(2, 6, 4))
    gain, offset = real(3), real(3)
    case.input("p", gain)
    case.input("q", offset)
    case.constant("g", gain)
    case.constant("o", offset)
    for operator, inputs, attributes in (
            ("GroupNormalization", "x g o", {"num_groups": 3}),
            ("GroupNormalization", "x p q", {"num_groups": 3}),
            ("LpPool", "x", {"kernel_shape": [2], "p": 1}),
            ("LpPool", "x", {"kernel_shape": [3], "strides": [2], "pads": [1, 1], "p": 3,
                             "ceil_mode": 1}),
            ("GlobalLpPool", "x", {"p": 2})):
        case.apply(operator, inputs, None, **attributes)
    return case


def typed(case, runs):
    """A case's model with the shapes that a run of it has, and the outputs."""
    blank = model(
        case.name, case.nodes, [case.port(name) for name in case.inputs],
        [port(name, None) for name in case.outputs], case.constants, case.opset)
    feeds = {name: case.values[name] for name in case.inputs}
    case.values |= dict(zip(case.outputs, runs(blank)(None, feeds)))
    return case.built()


def with_own(name, nodes, inputs, outputs, constants, infos=()):
    """Beside ONNX's operators ONNX Runtime's own."""
    graph = helper.make_graph(nodes, name, inputs, outputs, constants)
    graph.value_info.extend(infos)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
        ir_version=9)


def scales(kind, **grids):
    return [value for name, (scale, zero) in grids.items()
            for value in (tensor(name + "_s", scale), tensor(name + "_z", zero, kind))]


def contributed(random):
    """ONNX Runtime's operators on codes."""
    def own(operator, inputs, output, **attributes):
        return node(operator, inputs, output, domain="com.microsoft", **attributes)

    x = random.standard_normal((1, 3, 6, 6)).astype(np.float32)
    constants = scales(
        np.uint8, x=(0.03, 120), a=(0.05, 100), s=(0.004, 3), c=(0.05, 100), p=(0.05, 100),
        g=(0.02, 77), l=(0.028, 60), t=(0.05, 100))
    constants += [
        tensor("w", random.integers(-127, 128, (4, 6)), np.int8),
        tensor("w_s", [0.01, 0.02, 0.005, 0.01]), tensor("w_z", [0] * 4, np.int8),
        tensor("b", random.integers(-2000, 2000, 4), np.int32), *scales(np.uint8, y=(0.05, 100))]
    return x, with_own(
        "test_octet_qlinear_contributed", [
            node("QuantizeLinear", "x x_s x_z", "xq"),
            own("QLinearSigmoid", "xq x_s x_z s_s s_z", "sq"),
            own("QLinearLeakyRelu", "xq x_s x_z l_s l_z", "lq", alpha=0.1),
            own("QLinearAdd", "xq x_s x_z lq l_s l_z a_s a_z", "aq"),
            own("QLinearMul", "aq a_s a_z sq s_s s_z t_s t_z", "tq"),
            own("QLinearConcat", "c_s c_z aq a_s a_z tq t_s t_z", "cq", axis=1),
            own("QLinearAveragePool", "cq c_s c_z p_s p_z", "pq", kernel_shape=[2, 2],
                strides=[2, 2]),
            own("QLinearGlobalAveragePool", "pq p_s p_z g_s g_z", "gq", channels_last=0),
            node("Flatten", "gq", "fq", axis=1),
            own("QGemm", "fq g_s g_z w w_s w_z b y_s y_z", "yq", alpha=1.0, transB=1),
            node("DequantizeLinear", "yq y_s y_z", "y")],
        [port("x", [1, 3, 6, 6])], [port("y", None)], constants)


def grids(random):
    """Codes that are arranged, on grids that differ."""
    x = random.standard_normal((1, 108)).astype(np.float32)
    step = {"x": (0.03, -8), "s": (0.006, -100), "p": (0.03, -8), "c": (0.04, -9)}
    image, wide = [1, 3, 6, 6], [1, 3, 14, 14]
    real, code = TensorProto.FLOAT, TensorProto.INT8
    infos = [port(name, shape, kind) for name, shape, kind in (
        ("x4", image, real), ("xq", image, code), ("dq", [1, 3, 7, 7], code), ("rq", wide, code),
        ("r", wide, real), ("t", wide, real), ("tq", wide, code), ("td", wide, real),
        ("c", [1, 6, 14, 14], real), ("cq", [1, 6, 14, 14], code), ("cd", [1, 6, 14, 14], real))]
    return x, with_own(
        "test_octet_grids", [
            node("Reshape", "x sh", "x4"), node("QuantizeLinear", "x4 x_s x_z", "xq"),
            node("Pad", "xq pads pv", "dq"),
            node("Resize", "dq - rs", "rq", mode="nearest",
                 coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
            node("DequantizeLinear", "rq p_s p_z", "r"), node("Tanh", "r", "t"),
            node("QuantizeLinear", "t s_s s_z", "tq"), node("DequantizeLinear", "tq s_s s_z", "td"),
            node("Concat", "r td", "c", axis=1), node("QuantizeLinear", "c c_s c_z", "cq"),
            node("DequantizeLinear", "cq c_s c_z", "cd"),
            node("ReduceMax", "cd", "m", axes=[2, 3], keepdims=0)],
        [port("x", [1, 108])], [port("m", [1, 6])],
        [*scales(np.int8, **step), tensor("pads", [0, 0, 1, 0, 0, 0, 0, 1], np.int64),
         tensor("pv", -8, np.int8), tensor("sh", image, np.int64), tensor("rs", [1, 1, 2, 2])],
        infos)


def published():
    """By Tools/fetch-conformance, which has no ending of a module."""
    loader = importlib.machinery.SourceFileLoader("fetch", str(TOOLS / "fetch-conformance"))
    fetch = importlib.util.module_from_spec(importlib.util.spec_from_loader("fetch", loader))
    loader.exec_module(fetch)
    return fetch.onnx_tests(PUBLISHED)


def make():
    files = published()
    random = np.random.default_rng(5)

    def real(*shape):
        return random.standard_normal(shape).astype(np.float32)

    for case in (onnx_old.set_1(real), onnx_old.set_6(real, random), onnx_old.scaler(real)):
        added(files, *case.built())
    for case, runs in ((defined_23(real), reference), (defined_18(real), runtime)):
        added(files, *typed(case, runs))
    x, built = onnx_models.branch(np.random.default_rng(5))
    x = x.astype(np.float32)
    added(files, built, [tensor("x", x)], ran(built, x, False), "test_octet_branch")
    for opset in (11, 17):
        x, built = onnx_models.sequences(opset, np.random.default_rng(opset))
        x = x.astype(np.float32)
        added(files, built, [numpy_helper.from_array(x)], ran(built, x, False))
    for make_case in (contributed, grids):
        x, built = make_case(np.random.default_rng(3))
        added(files, built, [tensor("x", x)], ran(built, x, True))
    return files
