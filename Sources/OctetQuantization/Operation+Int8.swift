import OctetModel

// What each operation asks of the scales around it.

extension Operation {
  /// Why the operation has no int8 form; nil when it has one.
  var int8Refusal: String? {
    switch self {
    case .divide: "it divides by 0"
    case .batchNormalization: "its statistics are not constants, one for each channel"
    case .power: "its exponent is not one constant"
    case .localResponseNormalization, .compare, .logic, .select, .cast, .reduce,
      .extremum, .maxPoolIndices, .expand, .tile, .gather:
      "it has no int8 kernel"
    case .pad(_, _, .reflect), .pad(_, _, .edge), .pad(_, _, .wrap):
      "it pads with computed values further than the tensor reaches"
    case .quantize, .dequantize: "the graph holds quantization nodes; import it instead"
    default: nil
    }
  }
}
