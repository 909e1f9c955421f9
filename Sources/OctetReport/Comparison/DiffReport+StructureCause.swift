extension DiffReport.Cause {
  /// What is computed, and what is fed.
  var structure: Row {
    let mend =
      "compare with the model that this one was made from, or mend the export: no quantization "
      + "makes good for it"
    func row(_ title: String, _ remedy: String? = nil) -> Row {
      (title, .differentStructure, remedy ?? mend)
    }
    return switch self {
    case .activationMissing:
      row("activation missing", "export the activation, too, or fuse it into this layer")
    case .activationAdded:
      row("activation too much", "take the activation off this layer where it is exported")
    case .activationOther:
      row("another activation", "write the activation with the reference's bounds or slope")
    case .paddingOther:
      row(
        "other padding",
        "pad as the reference: PyTorch pads alike on all sides, SAME of TensorFlow more at the "
          + "bottom and on the right (auto_pad SAME_UPPER)")
    case .strideOther: row("another stride")
    case .dilationOther:
      row("another dilation", "export the dilation (dilations, dilation_w_factor)")
    case .windowOther: row("another window")
    case .poolOther: row("another kind of pool")
    case .poolCountsPadding:
      row(
        "average with the padding counted otherwise",
        "set count_include_pad as in the reference: PyTorch counts the padding, TFLite never")
    case .groupsOther: row("other groups", "export the groups (group of Conv)")
    case .resizeConvention:
      row(
        "another resize convention",
        "set coordinate_transformation_mode (ONNX) or align_corners and half_pixel_centers "
          + "(TFLite) as in the reference")
    case .operandOrder: row("operands exchanged", "keep the order of this operator's inputs")
    case .operandScales:
      row("an operand of another size", "check the scales that the operator has for its inputs")
    case .branchMissing: row("branch missing", "export the residual branch, too")
    case .axisOrder:
      row(
        "axes in another order",
        "transpose as the reference does: N, C, H, W (PyTorch, ONNX) against N, H, W, C (TFLite)")
    case .imageFlipped: row("image turned or mirrored", "feed rows and columns as the reference is")
    case .functionOther: row("another function", "export the function that the reference has")
    case .softmaxOther: row("another softmax", "keep the softmax's beta and axis")
    case .padValueOther:
      row("other values in the padding", "pad with the reference's value and mode")
    case .inputNormalization:
      (
        "input normalised otherwise", .inputNormalization,
        "quantize or import with the normalisation that the float model was trained with (--mean, "
          + "--std)"
      )
    case .inputScale:
      (
        "input of another size", .inputNormalization,
        "feed pixels on the scale of training: 0…1, −1…1 or 0…255 (--mean, --std)"
      )
    case .inputChannelOrder:
      (
        "input channels in another order", .inputNormalization,
        "convert BGR (OpenCV's imread) to RGB where the data are prepared, and give means and "
          + "deviations in the order of the channels (--mean, --std)"
      )
    case .inputByteOrder:
      (
        "input's bytes in reverse order", .inputNormalization,
        "read the samples in the byte order that they were written in (NumPy: dtype '<f4' or "
          + "'>f4')"
      )
    case .layerMissing:
      row("layer missing", "export every layer of the reference, or compare with its own model")
    case .layerAdded:
      row("layer too much", "take the layer out where the model is exported")
    case .operandOther:
      row(
        "reads another layer", "connect it as the reference does: exporters go by tensors' names")
    case .constantOther:
      row("another constant", "export the constant with the reference's values")
    case .attributesOther:
      row("other attributes", "export the operator's attributes as the reference has them")
    case .normalizationEpsilon:
      row(
        "a normalization with another epsilon",
        "export the epsilon that it was trained with: PyTorch's default is 1e-5, Keras's 1e-3")
    default: row("another operation")
    }
  }
}
