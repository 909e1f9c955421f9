// One function for each kind of operator: each runs operator `index`, which is of that kind. See
// `SessionState+Linked.swift` for why they are not one.

import OctetRuntime

extension LinkedModel {
  /// Runs operator `index`, of the kind convolution.
  public borrowing func convolution(_ index: Int) { state.runConvolution(index) }
  /// Runs operator `index`, of the kind fullyConnected.
  public borrowing func fullyConnected(_ index: Int) { state.runFullyConnected(index) }
  /// Runs operator `index`, of the kind depthwiseConvolution.
  public borrowing func depthwiseConvolution(_ index: Int) { state.runDepthwiseConvolution(index) }
  /// Runs operator `index`, of the kind maxPool.
  public borrowing func maxPool(_ index: Int) { state.runMaxPool(index) }
  /// Runs operator `index`, of the kind averagePool.
  public borrowing func averagePool(_ index: Int) { state.runAveragePool(index) }
  /// Runs operator `index`, of the kind softmax.
  public borrowing func softmax(_ index: Int) { state.runSoftmax(index) }
  /// Runs operator `index`, of the kind logSoftmax.
  public borrowing func logSoftmax(_ index: Int) { state.runLogSoftmax(index) }
  /// Runs operator `index`, of the kind l2Normalization.
  public borrowing func l2Normalization(_ index: Int) { state.runL2Normalization(index) }
  /// Runs operator `index`, of the kind matrixMultiply.
  public borrowing func matrixMultiply(_ index: Int) { state.runMatrixMultiply(index) }
  /// Runs operator `index`, of the kind transposedConvolution.
  public borrowing func transposedConvolution(_ index: Int) {
    state.runTransposedConvolution(index)
  }
  /// Runs operator `index`, of the kind add.
  public borrowing func add(_ index: Int) { state.runAdd(index) }
  /// Runs operator `index`, of the kind subtract.
  public borrowing func subtract(_ index: Int) { state.runSubtract(index) }
  /// Runs operator `index`, of the kind multiply.
  public borrowing func multiply(_ index: Int) { state.runMultiply(index) }
  /// Runs operator `index`, of the kind minimum.
  public borrowing func minimum(_ index: Int) { state.runMinimum(index) }
  /// Runs operator `index`, of the kind maximum.
  public borrowing func maximum(_ index: Int) { state.runMaximum(index) }
  /// Runs operator `index`, of the kind squaredDifference.
  public borrowing func squaredDifference(_ index: Int) { state.runSquaredDifference(index) }
  /// Runs operator `index`, of the kind mean.
  public borrowing func mean(_ index: Int) { state.runMean(index) }
  /// Runs operator `index`, of the kind concatenation.
  public borrowing func concatenation(_ index: Int) { state.runConcatenation(index) }
  /// Runs operator `index`, of the kind pad.
  public borrowing func pad(_ index: Int) { state.runPad(index) }
  /// Runs operator `index`, of the kind reshape.
  public borrowing func reshape(_ index: Int) { state.runReshape(index) }
  /// Runs operator `index`, of the kind transpose.
  public borrowing func transpose(_ index: Int) { state.runTranspose(index) }
  /// Runs operator `index`, of the kind slice.
  public borrowing func slice(_ index: Int) { state.runSlice(index) }
  /// Runs operator `index`, of the kind lookup.
  public borrowing func lookup(_ index: Int) { state.runLookup(index) }
  /// Runs operator `index`, of the kind convolution16.
  public borrowing func convolution16(_ index: Int) { state.runConvolution16(index) }
  /// Runs operator `index`, of the kind fullyConnected16.
  public borrowing func fullyConnected16(_ index: Int) { state.runFullyConnected16(index) }
  /// Runs operator `index`, of the kind depthwiseConvolution16.
  public borrowing func depthwiseConvolution16(_ index: Int) {
    state.runDepthwiseConvolution16(index)
  }
  /// Runs operator `index`, of the kind convolution4.
  public borrowing func convolution4(_ index: Int) { state.runConvolution4(index) }
  /// Runs operator `index`, of the kind fullyConnected4.
  public borrowing func fullyConnected4(_ index: Int) { state.runFullyConnected4(index) }
  /// Runs operator `index`, of the kind depthwiseConvolution4.
  public borrowing func depthwiseConvolution4(_ index: Int) {
    state.runDepthwiseConvolution4(index)
  }
  /// Runs operator `index`, of the kind softmax16.
  public borrowing func softmax16(_ index: Int) { state.runSoftmax16(index) }
  /// Runs operator `index`, of the kind sigmoid16.
  public borrowing func sigmoid16(_ index: Int) { state.runSigmoid16(index) }
  /// Runs operator `index`, of the kind requantize.
  public borrowing func requantize(_ index: Int) { state.runRequantize(index) }
  /// Runs operator `index`, of the kind resizeNearest.
  public borrowing func resizeNearest(_ index: Int) { state.runResizeNearest(index) }
  /// Runs operator `index`, of the kind resizeBilinear.
  public borrowing func resizeBilinear(_ index: Int) { state.runResizeBilinear(index) }
}
