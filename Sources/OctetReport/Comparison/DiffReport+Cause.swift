extension DiffReport {
  /// What went wrong, by name: finer than a `Condition`, which says how it shows.
  ///
  /// Each is a hypothesis that was computed and found to explain the layer, or a fact about its
  /// parameters.
  public enum Cause: String, Codable, Sendable, CaseIterable {
    // Weights in another order.
    case channelsPermuted, inputChannelsPermuted, flattenOrder, weightsTransposed, filtersFlipped
    case otherLayersWeights, weightsShifted, halvesExchanged
    // Weights of another size.
    case weightsScaled, signFlipped, channelScaled, scalesPermuted, scalesLost, channelsZeroed
    case signsLost, weightsWrapped, weightsClipped, perTensorScale, fewBits
    case batchNormalizationNotFolded, batchNormalizationEpsilon, batchNormalizationOther
    case weightZeroPoint, weightCodesUnsigned, weightByteOrder
    // Other weights.
    case otherCheckpoint, foreignWeights, weightsCorrupted, notNumbers
    // Biases.
    case biasDropped, biasScaled, biasSign, biasPermuted, biasSaturated, biasByteOrder
    case biasZeroPoint, otherLayersBias, biasOther
    // Codes.
    case rangeTooWide, rangeTooNarrow, outputOffset, outputScaled, outlierChannel, eightBits
    case roundsOtherwise
    // What is computed.
    case activationMissing, activationAdded, activationOther, paddingOther, strideOther
    case dilationOther, windowOther, poolOther, poolCountsPadding, groupsOther
    case resizeConvention, operandOrder, operandScales, branchMissing, axisOrder, imageFlipped
    case functionOther, softmaxOther, padValueOther, operationOther
    case layerMissing, layerAdded, operandOther, constantOther, attributesOther
    case normalizationEpsilon
    // What is fed.
    case inputNormalization, inputScale, inputChannelOrder, inputByteOrder
  }
}

extension DiffReport.Cause {
  /// A few words for tables: `channels exchanged`.
  public var title: String { row.title }

  /// The line that cures it: an option of `octet quantize`, an exporter's switch, or what to do
  /// with the data.
  public var remedy: String { row.remedy }

  /// Whether weights stand in another order than the reference's.
  package var isOrder: Bool {
    switch self {
    case .channelsPermuted, .inputChannelsPermuted, .flattenOrder, .weightsTransposed,
      .filtersFlipped, .weightsShifted, .halvesExchanged:
      true
    default: false
    }
  }

  /// How it shows.
  public var condition: DiffReport.Condition { row.condition }

  typealias Row = (title: String, condition: DiffReport.Condition, remedy: String)

  private var row: (title: String, condition: DiffReport.Condition, remedy: String) {
    order ?? size ?? bias ?? codes ?? structure
  }

  private var order: Row? {
    switch self {
    case .channelsPermuted:
      (
        "output channels exchanged", .weightsWrong,
        "put the output channels back in the reference's order where the weights are exported; of "
          + "the last layer, check that both models were made with one list of classes"
      )
    case .inputChannelsPermuted:
      (
        "input channels exchanged", .weightsWrong,
        "feed and export the channels in one order: of images, convert BGR (OpenCV's imread) to "
          + "RGB, or reverse the first layer's input channels once"
      )
    case .flattenOrder:
      (
        "flattened in another order", .weightsWrong,
        "reorder this layer's columns from C, H, W to H, W, C, or transpose before the "
          + "flattening; onnx2tf and hand-written exporters often forget it"
      )
    case .weightsTransposed:
      (
        "weights transposed", .weightsWrong,
        "transpose the weights where they are exported: O, H, W, I and O, I are Octet's and "
          + "TFLite's order, O, I, H, W is PyTorch's and ONNX's (transB=1 of Gemm), H, W, I, O "
          + "Keras's"
      )
    case .filtersFlipped:
      (
        "filters turned or mirrored", .weightsWrong,
        "take the filters over as they are: ONNX, TFLite and PyTorch correlate, only a true "
          + "convolution (SciPy, MATLAB) turns them"
      )
    case .otherLayersWeights:
      (
        "another layer's weights", .weightsWrong,
        "check by which names the exporter finds its weights, and export anew"
      )
    case .weightsShifted:
      (
        "weights read from another place", .weightsWrong,
        "check the offset at which the weights begin in the file, in elements and in bytes"
      )
    case .halvesExchanged:
      (
        "neighbouring weights exchanged", .weightsWrong,
        "read the low half of each byte as the first of two 4-bit weights, as ONNX and TFLite do"
      )
    default: nil
    }
  }

  private var size: Row? {
    switch self {
    case .weightsScaled:
      (
        "weights of another size", .weightsWrong,
        "check the weight scales and the requantization's multiplier and shift (a power of two is "
          + "a shift that is off); octet quantize makes them anew from the float model"
      )
    case .signFlipped:
      ("sign flipped", .weightsWrong, "take the weights over with their sign; export anew")
    case .channelScaled:
      (
        "one channel of another size", .outlierChannel,
        "check this channel's weight scale; octet quantize makes it anew from the float model"
      )
    case .scalesPermuted:
      (
        "weight scales exchanged", .weightsWrong,
        "write the weight scales in the order of the output channels (quantized_dimension of "
          + "TFLite, axis of DequantizeLinear)"
      )
    case .scalesLost:
      (
        "one channel's scale for all", .weightsWrong,
        "read a scale for each output channel, as the weights have: axis of DequantizeLinear, "
          + "quantized_dimension and all of the scales of TFLite"
      )
    case .signsLost:
      ("signs lost", .weightsWrong, "read the weights as int8, not by their absolute value")
    case .weightsWrapped:
      (
        "weights wrapped around", .weightsWrong,
        "clip weights to −127…127 before they become int8, or choose the weight scales from the "
          + "largest weight of each channel"
      )
    case .channelsZeroed:
      (
        "channels zeroed", .deadChannel,
        "check this channel's weights and weight scale; quantize the float model anew with one "
          + "weight scale a channel"
      )
    case .weightsClipped:
      (
        "weights clipped", .clipped,
        "choose the weight scales from the largest weight of each channel"
      )
    case .perTensorScale:
      (
        "one weight scale for all channels", .outlierChannel,
        "quantize with one scale a channel: octet quantize always does, ONNX Runtime with "
          + "per_channel=True, the TFLite converter unless "
          + "_experimental_disable_per_channel is set"
      )
    case .fewBits:
      (
        "weights of fewer bits", .coarseSteps,
        "quantize the weights to eight bits: check the exporter's weight type and its packing"
      )
    case .batchNormalizationNotFolded:
      (
        "batch normalization not folded", .weightsWrong,
        "fold the batch normalization into the weights and the bias before quantizing: "
          + "octet quantize does so by itself, PyTorch with torch.ao.quantization.fuse_modules in "
          + "eval() mode"
      )
    case .batchNormalizationEpsilon:
      (
        "batch normalization with another epsilon", .weightsWrong,
        "fold with the epsilon of the training framework: 1e-5 is PyTorch's and ONNX's default, "
          + "1e-3 Keras's"
      )
    case .batchNormalizationOther:
      (
        "batch normalization folded otherwise", .weightsWrong,
        "fold with the running mean and variance (PyTorch: model.eval() before the export), not "
          + "with a batch's own"
      )
    case .weightZeroPoint:
      (
        "weights' zero point off", .zeroPointWrong,
        "weights are symmetric: write their zero point as 0 and take it off no code"
      )
    case .weightCodesUnsigned:
      (
        "unsigned codes read as signed", .zeroPointWrong,
        "subtract 128 from uint8 codes and from their zero point before they are read as int8"
      )
    case .weightByteOrder:
      ("bytes in reverse order", .weightsWrong, "read the weights little-endian")
    case .otherCheckpoint:
      (
        "weights of another checkpoint", .weightsWrong,
        "quantize this very float model anew, or compare with the checkpoint that was quantized"
      )
    case .weightsCorrupted:
      (
        "some weights damaged", .weightsWrong,
        "copy or export the file anew, and compare checksums: rounding changes all weights a "
          + "little, damage a few by much"
      )
    case .notNumbers:
      (
        "weights that are no numbers", .weightsWrong,
        "look where training or the export made NaN or infinity of them, and export anew"
      )
    case .foreignWeights:
      (
        "other weights", .weightsWrong,
        "check that this model was made from this float model"
      )
    default: nil
    }
  }

  private var bias: Row? {
    let keep =
      "take the biases over as int32 at input scale × weight scale of the channel; check that the "
      + "exporter kept them"
    return switch self {
    case .biasDropped: ("biases dropped", .biasWrong, keep)
    case .biasScaled: ("biases at another scale", .biasWrong, keep)
    case .biasSign: ("biases with the other sign", .biasWrong, keep)
    case .biasPermuted:
      (
        "biases exchanged", .biasWrong,
        "put the biases back in the order of the output channels where they are exported"
      )
    case .biasSaturated:
      (
        "biases saturated", .biasWrong,
        "the weight scale is too small for this bias: raise the smallest weight scale so that "
          + "bias / (input scale × weight scale) fits its integers"
      )
    case .biasByteOrder: ("biases' bytes reversed", .biasWrong, "read int32 biases little-endian")
    case .biasZeroPoint:
      (
        "input's zero point off in the biases", .zeroPointWrong,
        "fold the input's zero point in as bias − zero point × Σ weights, with the zero point "
          + "that the input really has"
      )
    case .otherLayersBias:
      (
        "another layer's biases", .biasWrong,
        "check by which names the exporter finds its biases, and export anew"
      )
    case .biasOther: ("other biases", .biasWrong, keep)
    default: nil
    }
  }

  private var codes: Row? {
    switch self {
    case .rangeTooWide:
      (
        "range too wide", .wastedRange,
        "calibrate without outliers (octet quantize --calibrator percentile or kl)"
      )
    case .rangeTooNarrow:
      (
        "range too narrow", .clipped,
        "calibrate with more images that look like the test set, or with min-max "
          + "(octet quantize --calibrator min-max)"
      )
    case .outputOffset:
      (
        "output's zero point off", .zeroPointWrong,
        "write one zero point for what quantizes this tensor and what reads it, and add nothing "
          + "else to the biases"
      )
    case .outputScaled:
      (
        "results of another size", .weightsWrong,
        "check the output's scale and the requantization's multiplier and shift"
      )
    case .outlierChannel:
      (
        "outlier channel", .outlierChannel,
        "equalize the channels with the next layer's (octet quantize --equalize cross-layer), or "
          + "clip the channel in training"
      )
    case .eightBits:
      (
        "eight bits too few", .coarseSteps,
        "give it sixteen bits (octet quantize --int16 auto), retrain with quantization in the "
          + "loop, or widen the layer"
      )
    case .roundsOtherwise:
      (
        "rounded otherwise", .otherRounding,
        "nothing to mend: choose the arithmetic of the runtime that is to be matched (TFLM rounds "
          + "twice, recent LiteRT once)"
      )
    default: nil
    }
  }
}

extension DiffReport.Finding {
  /// A finding whose kind and remedy are the cause's.
  package init(
    _ cause: DiffReport.Cause, _ detail: String, channel: Int? = nil, severity: Double,
    isDefinite: Bool = true
  ) {
    self.init(
      kind: cause.condition, detail: detail, remedy: cause.remedy, channel: channel,
      severity: severity, isDefinite: isDefinite, cause: cause)
  }
}
