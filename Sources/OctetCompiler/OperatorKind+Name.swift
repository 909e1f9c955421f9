import OctetRuntime

extension OperatorKind {
  /// The name in reports and JSON, and, in capitals, in what selects operators for firmware.
  package var name: String {
    switch self {
    case .convolution: "convolution"
    case .fullyConnected: "fullyConnected"
    case .depthwiseConvolution: "depthwiseConvolution"
    case .maxPool: "maxPool"
    case .averagePool: "averagePool"
    case .softmax: "softmax"
    case .add: "add"
    case .subtract: "subtract"
    case .multiply: "multiply"
    case .minimum: "minimum"
    case .maximum: "maximum"
    case .mean: "mean"
    case .concatenation: "concatenation"
    case .pad: "pad"
    case .reshape: "reshape"
    case .transpose: "transpose"
    case .slice: "slice"
    case .lookup: "lookup"
    case .transposedConvolution: "transposedConvolution"
    case .resizeNearest: "resizeNearest"
    case .resizeBilinear: "resizeBilinear"
    case .logSoftmax: "logSoftmax"
    case .matrixMultiply: "matrixMultiply"
    case .squaredDifference: "squaredDifference"
    case .l2Normalization: "l2Normalization"
    case .convolution4: "convolution4"
    case .fullyConnected4: "fullyConnected4"
    case .depthwiseConvolution4: "depthwiseConvolution4"
    case .convolution16: "convolution16"
    case .fullyConnected16: "fullyConnected16"
    case .depthwiseConvolution16: "depthwiseConvolution16"
    case .softmax16: "softmax16"
    case .sigmoid16: "sigmoid16"
    case .requantize: "requantize"
    }
  }

  /// The compile condition that links the operator into firmware.
  package var compileCondition: String { "OCTET_" + name.uppercased() }
}

extension OperatorView {
  /// The kind's name as reports and JSON say it.
  package var kindName: String { kind?.name ?? "unknown" }
}
