// Operators by name, for programs that were built with one model: nothing but a name refers to a
// kind's kernels, so the linker leaves out the kinds that a program does not name.

extension SessionState {
  /// What `prepare` found once for a blob, so that a state takes no time to make.
  @safe package struct Preparation: @unchecked Sendable {
    // Safety: the workspace is never freed, and belongs to the states of one blob, one at a time.
    let backend: Backend
    let addsPairs: Bool
    let workspace: UnsafeMutableRawPointer?

    /// What takes no memory: for a program without a heap, whose x86 kernels are portable anyway.
    package static var none: Preparation {
      unsafe Preparation(backend: .best, addsPairs: false, workspace: nil)
    }
  }

  /// A state for a blob that was validated when the program was built.
  ///
  /// - Parameter arena: the bytes that the blob asks for, at an address that is a multiple of 4;
  ///   they must outlive the state.
  @unsafe package init(
    unvalidated blob: UnsafeRawBufferPointer, arena: UnsafeMutableRawPointer,
    _ preparation: Preparation
  ) {
    unsafe self.init(
      blob: BlobView(unvalidated: blob), arena: arena, workspace: preparation.workspace,
      backend: preparation.backend, addsPairs: preparation.addsPairs)
  }

  /// The backend and workspace as this state, which lives as long as the program, has them.
  package var preparation: Preparation {
    unsafe Preparation(backend: backend, addsPairs: addsPairs, workspace: workspace)
  }

  /// Runs operator `index`, in 0 ..< `blob.operatorCount`, which is of the kind.
  private func run<Kind: Operator>(_ kind: Kind.Type, _ index: Int) {
    if runPrepared(index) { return }
    let context = context(index)
    Kind(context.view).run(context)
  }

  package func runConvolution(_ index: Int) { run(Convolution.self, index) }
  package func runFullyConnected(_ index: Int) { run(FullyConnected.self, index) }
  package func runDepthwiseConvolution(_ index: Int) { run(DepthwiseConvolution.self, index) }
  package func runMaxPool(_ index: Int) { run(MaxPool.self, index) }
  package func runAveragePool(_ index: Int) { run(AveragePool.self, index) }
  package func runSoftmax(_ index: Int) { run(Softmax.self, index) }
  package func runLogSoftmax(_ index: Int) { run(LogSoftmax.self, index) }
  package func runL2Normalization(_ index: Int) { run(L2Normalization.self, index) }
  package func runMatrixMultiply(_ index: Int) { run(MatrixMultiply.self, index) }
  package func runTransposedConvolution(_ index: Int) { run(TransposedConvolution.self, index) }
  package func runAdd(_ index: Int) { run(Add.self, index) }
  package func runSubtract(_ index: Int) { run(Subtract.self, index) }
  package func runMultiply(_ index: Int) { run(Multiply.self, index) }
  package func runMinimum(_ index: Int) { run(Minimum.self, index) }
  package func runMaximum(_ index: Int) { run(Maximum.self, index) }
  package func runSquaredDifference(_ index: Int) { run(SquaredDifference.self, index) }
  package func runMean(_ index: Int) { run(Mean.self, index) }
  package func runConcatenation(_ index: Int) { run(Concatenation.self, index) }
  package func runPad(_ index: Int) { run(Pad.self, index) }
  package func runReshape(_ index: Int) { run(Reshape.self, index) }
  package func runTranspose(_ index: Int) { run(Transpose.self, index) }
  package func runSlice(_ index: Int) { run(Slice.self, index) }
  package func runLookup(_ index: Int) { run(Lookup.self, index) }
  package func runConvolution16(_ index: Int) { run(Convolution16.self, index) }
  package func runFullyConnected16(_ index: Int) { run(FullyConnected16.self, index) }
  package func runDepthwiseConvolution16(_ index: Int) {
    run(DepthwiseConvolution16.self, index)
  }
  package func runConvolution4(_ index: Int) { run(Convolution.self, index) }
  package func runFullyConnected4(_ index: Int) { run(FullyConnected.self, index) }
  package func runDepthwiseConvolution4(_ index: Int) { run(DepthwiseConvolution.self, index) }
  package func runSoftmax16(_ index: Int) { run(Softmax16.self, index) }
  package func runSigmoid16(_ index: Int) { run(Sigmoid16.self, index) }
  package func runRequantize(_ index: Int) { run(Requantize.self, index) }
  package func runResizeNearest(_ index: Int) { run(ResizeNearest.self, index) }
  package func runResizeBilinear(_ index: Int) { run(ResizeBilinear.self, index) }
}
