// Fully connected for AVX2 and AVX-512 VNNI: a convolution of 1 × 1, each row a pixel.
#if arch(x86_64)
  internal import COctetKernels

  extension FullyConnected {
    func prepare(_ workspace: inout X86Workspace) -> Int? {
      let parameters = X86Parameters(
        view, weights: Word.weights, bias: Word.bias, multipliers: Word.multipliers,
        shifts: Word.shifts)
      guard !input.isConstant, view.parameter(Word.weightZeroPoint) == 0 else { return nil }
      return workspace.addConvolution(
        view, batch: 1, rows: X86Axis(input: 1, output: 1),
        columns: X86Axis(input: rows, output: rows), parameters, channelStride: depth,
        weightStride: 1, lower: view.parameter(Word.lower), upper: view.parameter(Word.upper))
    }
  }
#endif
