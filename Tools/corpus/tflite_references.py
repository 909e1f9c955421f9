"""What a TFLite model should compute, by the nearest authority that runs it."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from corpus.tflite_builder import FLOAT, OPERATORS, UINT8
from support import peers


def micro(builder, samples):
    return peers.micro(builder.bytes(), samples)


def lite(builder, samples):
    """LiteRT's reference kernels."""
    interpreter = Interpreter(
        model_content=builder.bytes(),
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    # In the order of the file, as inputs may be used in any.
    places = {detail["name"]: detail["index"] for detail in interpreter.get_input_details()}
    outputs = []
    for sample in samples:
        for tensor, value in zip(builder.inputs, sample):
            interpreter.set_tensor(places[builder.tensors[tensor].name], value)
        interpreter.invoke()
        outputs += [interpreter.get_tensor(detail["index"]).reshape(-1)
                    for detail in interpreter.get_output_details()]
    return np.concatenate(outputs)


def real(tensor, values):
    """The reals that codes stand for."""
    quantization = tensor.quantization
    return ((values.astype(np.float32) - np.float32(quantization.zeroPoint[0]))
            * np.float32(quantization.scale[0]))


def either(builder, samples):
    """The first of the two that runs it, by name, and what it gives."""
    refusals = []
    for name, peer in (("TFLM", micro), ("LiteRT", lite)):
        try:
            with peers.silence():
                return name, peer(builder, samples)
        except Exception as error:  # They refuse by whatever type.
            refusals.append(f"{name}: {error}")
    raise NotImplementedError("; ".join(refusals))


def rounded(builder, float_form, samples):
    """The float model on the same reals, its results rounded to codes."""
    inputs = [builder.tensors[tensor] for tensor in builder.inputs]
    other = float_form()
    outputs = []
    for sample in samples:
        reals = [[real(t, v) for t, v in zip(inputs, sample)]]
        results = either(other, reals)[1]
        start = 0
        for index in builder.outputs:
            tensor = builder.tensors[index]
            count = int(np.prod(tensor.shape))
            codes = np.round(
                results[start:start + count].astype(np.float64)
                / np.float64(tensor.quantization.scale[0])) + int(tensor.quantization.zeroPoint[0])
            start += count
            kind = np.uint8 if tensor.type == UINT8 else np.int8
            limits = np.iinfo(kind)
            outputs.append(np.clip(np.nan_to_num(codes), limits.min, limits.max).astype(kind))
    return np.concatenate(outputs)


# Where LiteRT takes int8, it takes them as integers, whatever their scales.
WITHOUT_SCALES = {
    OPERATORS.NEG, OPERATORS.SQUARE, OPERATORS.SIN, OPERATORS.COS, OPERATORS.FLOOR,
    OPERATORS.CEIL, OPERATORS.ROUND, OPERATORS.SQRT}


def reference(builder, float_form, samples):
    """The authority's name, and the outputs of all samples end to end."""
    kinds = {builder.tensors[tensor].type for tensor in builder.outputs}
    operators = {code.builtinCode for code in builder.codes}
    if FLOAT in kinds or not operators & WITHOUT_SCALES:
        try:
            return either(builder, samples)
        except NotImplementedError:
            pass
    return "float, rounded", rounded(builder, float_form, samples)
