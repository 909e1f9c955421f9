"""Makes random ONNX operator cases, with the results of ONNX's reference evaluator, in the layout
of ONNX's own operator tests, for the ONNXConformance tests.

    Tools/crosscheck onnx-operators FOLDER [--seed 1]
    OCTET_SHARED_DATA=FOLDER swift test --filter ONNXConformance
"""

import pathlib

import numpy as np
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

INTEGERS = ["INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"]
NARROW = ["FLOAT16", "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ",
          "FLOAT4E2M1", "INT4", "UINT4", "INT2", "UINT2"]


class Cases:
    def __init__(self, folder, seed):
        self.root = folder / "conformance" / "onnx_node"
        self.random = np.random.default_rng(seed)
        self.count = 0
        self.skipped = []

    def real(self, *shape):
        return self.random.standard_normal(shape).astype(np.float32)

    def integer(self, kind, *shape):
        dtype = helper.tensor_dtype_to_np_dtype(T.DataType.Value(kind))
        limits = np.iinfo(dtype)
        low, high = max(limits.min, -2 ** 31), min(limits.max, 2 ** 33)
        return self.random.integers(low, high, shape, endpoint=True).astype(dtype)

    def add(self, name, operator, inputs, outputs=1, opset=23, **attributes):
        """`inputs`: arrays, None for an absent one; int64 after the first is taken as constant."""
        names = [f"x{k}" if value is not None else "" for k, value in enumerate(inputs)]
        results = [f"y{k}" for k in range(outputs)]
        node = helper.make_node(operator, names, results, **attributes)
        given = [(n, v) for n, v in zip(names, inputs) if n]
        infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
                 for n, v in given]
        try:
            blank = [helper.make_empty_tensor_value_info(r) for r in results]
            model = helper.make_model(
                helper.make_graph([node], name, infos, blank),
                opset_imports=[helper.make_opsetid("", opset)])
            with np.errstate(all="ignore"):
                values = ReferenceEvaluator(model).run(None, dict(given))
            values = [np.asarray(value) for value in values]
            outputs = [helper.make_tensor_value_info(
                r, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
                for r, v in zip(results, values)]
        except Exception as error:  # The evaluator has not everything.
            self.skipped.append(f"{name}: {str(error)[:80]}")
            return
        del model.graph.output[:]
        model.graph.output.extend(outputs)
        folder = self.root / f"test_{name}" / "test_data_set_0"
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / "model.onnx").write_bytes(model.SerializeToString())
        for kind, arrays in (("input", [v for _, v in given]), ("output", values)):
            for k, array in enumerate(arrays):
                tensor = numpy_helper.from_array(array)
                (folder / f"{kind}_{k}.pb").write_bytes(tensor.SerializeToString())
        self.count += 1


def arithmetic(cases):
    for kind in INTEGERS:
        for operator in ("Add", "Sub", "Mul", "Min", "Max"):
            a, b = cases.integer(kind, 2, 3, 4), cases.integer(kind, 4)
            cases.add(f"{operator}_{kind}", operator, [a, b])
        b = cases.integer(kind, 3, 4)
        b[b == 0] = 3
        cases.add(f"Div_{kind}", "Div", [cases.integer(kind, 2, 3, 4), b])
        low, high = np.sort(cases.integer(kind, 2))
        bounds = [np.array(low), np.array(high)]
        cases.add(f"Clip_{kind}", "Clip", [cases.integer(kind, 3, 4), *bounds])
        cases.add(f"Clip_min_{kind}", "Clip", [cases.integer(kind, 3, 4), np.array(low)])
        cases.add(f"Less_{kind}", "Less", [cases.integer(kind, 3, 4), cases.integer(kind, 4)])
        cases.add(f"Concat_{kind}", "Concat",
                  [cases.integer(kind, 2, 3), cases.integer(kind, 2, 3)], axis=-1)
        cases.add(f"Transpose_{kind}", "Transpose", [cases.integer(kind, 2, 3, 4)], perm=[1, 2, 0])
        condition = cases.random.integers(0, 2, (3, 4)).astype(bool)
        cases.add(f"Where_{kind}", "Where",
                  [condition, cases.integer(kind, 3, 4), cases.integer(kind, 4)])
    for kind in ("INT32", "INT64"):
        cases.add(f"Sum_{kind}", "ReduceSum", [cases.integer(kind, 3, 4, 5), np.array([1])])
        cases.add(f"ArgMax_{kind}", "ArgMax", [cases.integer(kind, 3, 4)], axis=1)
        pads = np.array([0, 1, 2, 1])
        cases.add(f"Pad_{kind}", "Pad", [cases.integer(kind, 3, 4), pads], mode="edge")
    for kind in ("INT8", "UINT8"):
        for options in ({}, {"strides": [2, 2]}, {"pads": [1, 1, 1, 1]}, {"ceil_mode": 1}):
            name = "_".join(["MaxPool", kind, *options])
            cases.add(name, "MaxPool", [cases.integer(kind, 1, 2, 5, 6)], kernel_shape=[2, 2],
                      **options)
    for kind in ("FLOAT16", "DOUBLE"):
        dtype = helper.tensor_dtype_to_np_dtype(T.DataType.Value(kind))
        for operator in ("Add", "Sub", "Mul", "Div"):
            values = [cases.real(3, 4).astype(dtype), cases.real(4).astype(dtype)]
            cases.add(f"{operator}_{kind}", operator, values)


def casts(cases):
    x = np.concatenate([cases.real(20), cases.real(8) * 100, [0, -0.0, np.nan, np.inf, -np.inf,
                       1e6, -1e6, 2.5, 3.5, 0.0625, 448, 464, 480, 57344, 6, 7]]).astype(np.float32)
    whole = np.arange(-20, 20).astype(np.float32)
    for kind in NARROW:
        code = T.DataType.Value(kind)
        source = whole if "INT" in kind else x
        cases.add(f"cast_FLOAT_to_{kind}", "Cast", [source], to=code)
        dtype = helper.tensor_dtype_to_np_dtype(code)
        cases.add(f"cast_{kind}_to_FLOAT", "Cast", [source.astype(dtype)], to=T.FLOAT)
        cases.add(f"cast_{kind}_to_FLOAT16", "Cast", [source.astype(dtype)], to=T.FLOAT16)
        if "FLOAT8" in kind:
            cases.add(f"cast_loose_FLOAT_to_{kind}", "Cast", [source], to=code, saturate=0)
            half = source.astype(np.float16)
            cases.add(f"cast_loose_FLOAT16_to_{kind}", "Cast", [half], to=code, saturate=0)
    for a in INTEGERS:
        for b in ("INT8", "UINT16", "INT32", "UINT64", "BOOL", "FLOAT"):
            cases.add(f"cast_{a}_to_{b}", "Cast", [cases.integer(a, 3, 4)], to=T.DataType.Value(b))
    like = np.zeros(1, np.int16)
    cases.add("castlike_FLOAT_to_INT16", "CastLike", [whole, like])


def grids(cases):
    for kind in ("INT8", "UINT8", "INT16", "UINT16", "INT4", "UINT4", "INT2", "UINT2",
                 "FLOAT8E4M3FN", "FLOAT8E5M2", "FLOAT8E4M3FNUZ", "FLOAT8E5M2FNUZ", "FLOAT4E2M1"):
        code = T.DataType.Value(kind)
        dtype = helper.tensor_dtype_to_np_dtype(code)
        zero = 0 if kind.startswith("FLOAT") else 1
        x = cases.real(4, 6) * 8
        layouts = {
            "tensor": (np.float32(0.25), {}), "axis0": (np.abs(cases.real(4)) + 0.1, {"axis": 0}),
            "axis1": (np.abs(cases.real(6)) + 0.1, {"axis": -1}),
            "block": (np.abs(cases.real(4, 3)) + 0.1, {"axis": 1, "block_size": 2}),
        }
        for layout, (scale, options) in layouts.items():
            scale = np.asarray(scale, np.float32)
            points = np.full(scale.shape, zero).astype(dtype)
            cases.add(f"quantize_{kind}_{layout}", "QuantizeLinear", [x, scale, points], **options)
            codes = (np.rint(x) % 3).astype(dtype)
            cases.add(f"dequantize_{kind}_{layout}", "DequantizeLinear", [codes, scale, points],
                      **options)
            if kind == "INT8":
                half = scale.astype(np.float16)
                cases.add(f"dequantize_half_{layout}", "DequantizeLinear", [codes, half, points],
                          **options)


def functions(cases):
    for operator in ("Abs", "Neg", "Sign", "Floor", "Ceil", "Round", "Reciprocal", "Exp", "Erf",
                     "Sin", "Cos", "Tan", "Atan", "Sinh", "Cosh", "Asinh", "Softplus", "Softsign",
                     "Mish", "Gelu", "Celu", "ThresholdedRelu", "Shrink", "Relu", "Elu", "Selu",
                     "HardSwish", "HardSigmoid", "Tanh", "Sigmoid", "LeakyRelu"):
        cases.add(f"function_{operator}", operator, [cases.real(2, 3, 4) * 2])
    for operator in ("Sqrt", "Log", "Acosh"):
        cases.add(f"function_{operator}", operator, [np.abs(cases.real(2, 3)) + 1])
    for operator in ("Asin", "Acos", "Atanh"):
        cases.add(f"function_{operator}", operator, [np.tanh(cases.real(2, 3))])
    cases.add("function_Gelu_tanh", "Gelu", [cases.real(2, 3)], approximate="tanh")
    bounds = [np.float32(-0.5), np.float32(0.7)]
    cases.add("clip", "Clip", [cases.real(2, 3), *map(np.asarray, bounds)])
    cases.add("power", "Pow", [np.abs(cases.real(2, 3)), cases.real(3)])
    for operator in ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"):
        a = np.round(cases.real(3, 4))
        cases.add(f"compare_{operator}", operator, [a, np.round(cases.real(4))])
    truth = [cases.random.integers(0, 2, s).astype(bool) for s in ((3, 4), (4,))]
    for operator in ("And", "Or", "Xor"):
        cases.add(f"logic_{operator}", operator, truth)
    cases.add("logic_Not", "Not", truth[:1])
    for operator in ("Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"):
        for axes in ([0], [1, 2], [-1]):
            for keeps in (0, 1):
                name = f"reduce_{operator}_{len(axes)}{axes[0] % 3}_{keeps}"
                cases.add(name, f"Reduce{operator}", [cases.real(2, 3, 4), np.array(axes)],
                          keepdims=keeps)
    for operator in ("ArgMax", "ArgMin"):
        for last in (0, 1):
            x = np.round(cases.real(3, 4, 5))
            cases.add(f"{operator}_{last}", operator, [x], axis=1, select_last_index=last,
                      keepdims=last)


def products(cases):
    """QLinearConv and QLinearMatMul, weights with one scale and with one for each channel."""
    for kind in ("INT8", "UINT8"):
        dtype = helper.tensor_dtype_to_np_dtype(T.DataType.Value(kind))
        zero = np.array(3, dtype)
        one, many = np.array(0.01, np.float32), (np.abs(cases.real(4)) / 50 + 0.01)
        for name, scale in (("tensor", one), ("channels", many.astype(np.float32))):
            points = np.zeros(scale.shape, dtype)
            x, w = cases.integer(kind, 1, 2, 5, 5), cases.integer(kind, 4, 2, 3, 3)
            cases.add(f"QLinearConv_{kind}_{name}", "QLinearConv",
                      [x, one, zero, w, scale, points, np.array(0.1, np.float32), zero])
        a, b = cases.integer(kind, 2, 3, 4), cases.integer(kind, 4, 5)
        cases.add(f"QLinearMatMul_{kind}", "QLinearMatMul",
                  [a, one, zero, b, one, zero, np.array(0.1, np.float32), zero])


def resizes(cases):
    x = cases.real(1, 2, 5, 6)
    for mode in ("nearest", "linear", "cubic"):
        for place in ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                      "asymmetric", "tf_crop_and_resize"):
            region = None
            options = {"mode": mode, "coordinate_transformation_mode": place}
            if place == "tf_crop_and_resize":
                region = np.array([0, 0, 0.4, 0.6, 1, 1, 0.6, 1.3], np.float32)
                options["extrapolation_value"] = 10.0
            for scale in (0.6, 0.8, 1.7, 2):
                scales = np.array([1, 1, scale, scale], np.float32)
                name = f"resize_{mode}_{place}_{scale}"
                cases.add(name, "Resize", [x, region, scales], **options)
            sizes = np.array([1, 2, 3, 8])
            cases.add(f"resize_{mode}_{place}_sizes", "Resize", [x, region, None, sizes], **options)
        if mode == "nearest":
            continue
        for option in ("antialias", "exclude_outside"):
            for scale in (0.4, 0.6, 2):
                scales = np.array([1, 1, scale, scale], np.float32)
                cases.add(f"resize_{mode}_{option}_{scale}", "Resize", [x, None, scales], mode=mode,
                          **{option: 1})
    for policy in ("not_larger", "not_smaller"):
        cases.add(f"resize_{policy}", "Resize", [x, None, None, np.array([7, 9])], mode="linear",
                  axes=[2, 3], keep_aspect_ratio_policy=policy)


def arrangement(cases):
    pads = np.array([0, 2, 1, 3])
    for mode in ("constant", "edge", "reflect", "wrap"):
        cases.add(f"pad_{mode}", "Pad", [cases.real(3, 4), pads], mode=mode)
    products(cases)
    resizes(cases)
    cases.add("expand", "Expand", [cases.real(3, 1), np.array([2, 1, 4])])
    cases.add("tile", "Tile", [cases.real(2, 3), np.array([2, 2])])
    for axis in (0, 1, -1):
        indices = np.array([[0, -1], [1, 1]])
        cases.add(f"gather_{axis % 3}", "Gather", [cases.real(2, 3, 4), indices], axis=axis)
    cases.add("instance", "InstanceNormalization",
              [cases.real(2, 3, 4, 5), cases.real(3), cases.real(3)])
    cases.add("maxpool_indices", "MaxPool", [cases.real(2, 2, 5, 6)], 2, kernel_shape=[3, 2],
              strides=[2, 1], pads=[1, 0, 1, 1])
    for spatial in ((7,), (5, 6), (4, 5, 6)):
        rank = len(spatial)
        for groups in (1, 2):
            x, bias = cases.real(2, 4, *spatial), cases.real(6)
            name = f"{rank}_{groups}"
            cases.add(f"conv_{name}", "Conv",
                      [x, cases.real(6, 4 // groups, *[3] * rank), bias], group=groups,
                      strides=[2] * rank, pads=[1] * rank + [0] * rank)
            cases.add(f"convtranspose_{name}", "ConvTranspose",
                      [x, cases.real(4, 6 // groups, *[3] * rank), bias], group=groups,
                      strides=[2] * rank, pads=[1] * rank + [0] * rank,
                      output_padding=[1] * rank)
        for operator in ("MaxPool", "AveragePool"):
            for ceil in (0, 1):
                cases.add(f"{operator}_{rank}_{ceil}", operator, [cases.real(1, 2, *spatial)],
                          kernel_shape=[3] * rank, strides=[2] * rank, pads=[1] * 2 * rank,
                          ceil_mode=ceil)


def defined(cases):
    """Operators that ONNX defines by others. Not in float16, where the evaluator rounds every step
    (stash_type says float), nor over two elements, where its variance loses its digits."""
    for shape in ((2, 6, 5), (2, 6, 4, 4), (1, 6, 2, 4, 3)):
        rank = len(shape)
        for axis in range(-rank, 0):
            gain, offset = cases.real(*shape[axis:]), cases.real(*shape[axis:])
            for kind in (np.float32, np.float64):
                x, narrow, added = (v.astype(kind) for v in (cases.real(*shape), gain, offset))
                name = f"{rank}_{axis + rank}_{np.dtype(kind)}"
                cases.add(f"layer_{name}", "LayerNormalization", [x, narrow, added],
                          3 if kind == np.float32 else 1, axis=axis)
                cases.add(f"layer_plain_{name}", "LayerNormalization", [x, narrow], axis=axis,
                          epsilon=1e-3)
                cases.add(f"rms_{name}", "RMSNormalization", [x, narrow], axis=axis)
            for p in (1, 2):
                x = np.abs(cases.real(*shape))
                cases.add(f"lp_{rank}_{axis + rank}_{p}", "LpNormalization", [x], p=p, axis=axis)
            cases.add(f"mvn_{rank}_{axis + rank}", "MeanVarianceNormalization",
                      [cases.real(*shape)], axes=sorted({1, axis + rank}))
        for groups in (1, 2, 3, 6):
            cases.add(f"group_{rank}_{groups}", "GroupNormalization",
                      [cases.real(*shape), cases.real(6), cases.real(6)], num_groups=groups)
    for block in (1, 2, 3):
        for mode in ("DCR", "CRD"):
            name = f"{block}_{mode}"
            x = cases.real(2, 2 * block * block, 3, 5)
            cases.add(f"depth_to_space_{name}", "DepthToSpace", [x], blocksize=block, mode=mode)
        x = cases.real(2, 3, 4 * block, 3 * block)
        cases.add(f"space_to_depth_{block}", "SpaceToDepth", [x], blocksize=block)
    for spatial in ((7,), (5, 6)):
        for p in (1, 2, 3):
            cases.add(f"lp_pool_{len(spatial)}_{p}", "LpPool", [cases.real(2, 3, *spatial)],
                      kernel_shape=[3] * len(spatial), strides=[2] * len(spatial), p=p)
    for operator in ("Mean", "Sum", "Max"):
        cases.add(f"{operator}_of_three", operator,
                  [cases.real(2, 3, 4), cases.real(4), cases.real(3, 1)])


def add_arguments(parser):
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)


def main(arguments):
    cases = Cases(arguments.folder, arguments.seed)
    for family in (arithmetic, casts, grids, functions, arrangement, defined):
        family(cases)
    print(f"{cases.count} cases in {cases.root}; the evaluator does not compute:")
    for line in cases.skipped:
        print("  " + line)
