import OctetModel

extension Operation {
  /// Why the operation has no int8 form; nil when it has one.
  var int8Refusal: String? { traits.int8Refusal }

  /// Whether outputs have the scale and zero point of the inputs.
  var keepsScale: Bool { traits.grid == .kept }
}
