import OctetCompiler
import OctetModel
import OctetONNX
import OctetQuantization
import OctetRuntime
import OctetTFLite

/// The page on which every operator stands with what takes it over and what runs it.
///
/// Nothing on it is claimed: the float interpreter makes a step of each sample node, and the
/// quantizer and the lowering turn it into the runtime's operators. The lists of ONNX and TFLite
/// operators must have all that the readers say they read, and nothing else.
enum OperatorTable {
  enum Failure: Error, CustomStringConvertible {
    /// An operator that a reader has and no row of the table, or the other way round.
    case lists(format: String, missing: [String], unknown: [String])
    case sample(row: String, reason: String)

    var description: String {
      switch self {
      case .lists(let format, let missing, let unknown):
        "OperatorSamples.swift: \(format) operators without a row: \(missing); rows with operators "
          + "that the reader does not have: \(unknown)"
      case .sample(let row, let reason): "OperatorSamples.swift: '\(row)': \(reason)"
      }
    }
  }

  /// The page's text.
  static func markdown() throws -> String {
    try check("ONNX", ONNXReader.operators, OperatorSample.all.flatMap(\.onnx))
    try check("TFLite", TFLiteReader.operators, OperatorSample.all.flatMap(\.tflite))
    var lines = [heading]
    for sample in OperatorSample.all {
      let kinds = try sample.int8Kinds()
      let cells = [
        sample.title, try sample.runsInFloat() ? "yes" : "–",
        kinds.isEmpty ? "–" : kinds.joined(separator: ", "),
        sample.onnx.isEmpty ? "–" : sample.onnx.joined(separator: ", "),
        sample.tflite.isEmpty ? "–" : sample.tflite.joined(separator: ", "),
        kinds.isEmpty ? "–" : "all",
      ]
      lines.append("| " + cells.joined(separator: " | ") + " |")
    }
    lines.append(footing)
    return lines.joined(separator: "\n") + "\n"
  }

  private static func check(_ format: String, _ read: [String], _ listed: [String]) throws {
    let (has, names) = (Set(read), Set(listed))
    if has != names {
      throw Failure.lists(
        format: format, missing: has.subtracting(names).sorted(),
        unknown: names.subtracting(has).sorted())
    }
  }

  private static let heading = """
    # Operators

    What Octet reads, computes in floats, and runs in eight bits.

    ## Overview

    `octet import` takes over the ONNX operators (operator sets
    \(ONNXReader.operatorSets.lowerBound) to \(ONNXReader.operatorSets.upperBound)) and TFLite
    operators below and refuses all others, by name and all at once. A row whose int8 column names
    an operator of the runtime runs on every board with the same bytes; firmware links the kernels
    that its model uses. The others run in the float interpreter only: `octet quantize` refuses
    them with a sentence.

    Batch normalization and constant arithmetic are folded before scales are taken. ONNX nodes whose
    inputs are all known, such as the Shape → Gather → Concat → Reshape chain, are computed when the
    file is read; an If whose condition is known then becomes the branch that it takes. Operators
    that ONNX defines by others become those, and forms of old operator sets today's. Sequences
    (SplitToSequence, SequenceAt, ConcatFromSequence and the like) are taken apart into tensors;
    `octet import --shapes NAME=1x3x32x32` gives sizes that the file leaves open, and once for each
    tensor those of an input that is a sequence. Mod, Range, ConstantOfShape, IsNaN and IsInf of
    constants are computed too. LSTM, GRU and RNN are refused.

    Where (select) by a constant condition runs in eight bits as a mask or as a sum of products; a
    mask of −∞ or of numbers below −10⁴ that is added to scores becomes one of −16. Outputs of
    integers and truth values stay in an ONNX file; a blob gives int8 alone: constants are left out,
    in the place of an ArgMax its operand comes out, and both are said.

    Tensors of a blob have four dimensions at most. Operations on five and more, as in windows of
    images and heads of attention, become the same on four between reshapes.

    This page is generated from the code. Do not edit it: `OperatorTableTests` compares it and, with
    `OCTET_WRITE_OPERATORS=1`, writes it.

    | Operation | Float | Int8 | ONNX | TFLite | Boards |
    |---|---|---|---|---|---|
    """

  private static let footing = """

    ## Element types

    The float interpreter also computes on integers of 2 to 64 bits (exact, wrapping around,
    division towards zero), on truth values, and on float16, bfloat16 and the 8-, 6- and 4-bit
    floats (every result rounded to the type). Doubles are computed as floats. Only graphs of
    float32 are quantized.

    Imported models may have activations of int16 with int8 weights (TensorFlow Lite's 16×8, ONNX's
    QDQ of int16 with zero points of 0), all through or between int8 ones: convolution, depthwise
    convolution, fully connected, add, subtract, multiply, max and average pool, mean,
    concatenation, pad with a constant, reshape, transpose, slice, split, softmax, logistic, tanh,
    ReLU, clip, quantize. All boards run them with TensorFlow Lite for Microcontrollers' bytes;
    other operators are refused by name.
    """
}
