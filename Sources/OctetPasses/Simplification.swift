import OctetModel

// The passes in the order in which they are run, one after the other, over a whole graph.

extension Graph {
  /// The form that quantization works on: batch normalization, and constants that its operand is
  /// multiplied with or added to, folded into the weights before it, what has no int8 operator
  /// written as what has, activations fused into the node that makes their operand, identities
  /// gone, constants that nothing reads left out.
  ///
  /// Computes the same function, but for the rounding of floats. Grids that tensors have stay.
  public func simplified() -> Graph {
    var graph = self
    graph.removeIdentities()
    graph.gatherAffineSteps()
    graph.foldBatchNormalizations()
    graph.writeKernelForms()
    graph.writeNormalizationsAsConvolutions()
    graph.writeNeighbourNormalizations()
    graph.writeAveragesAsMeans()
    graph.writeReductionsAsMeans()
    graph.centreWeights()
    graph.boundMasks()
    graph.writeSelectionsAsProducts()
    graph.writeDivisionsAsProducts()
    graph.takeConstantsAsParameters()
    graph.lowerRanks()
    graph.writeNormalizationsAsLengths()
    graph.writeSquareMeansAsProducts()
    graph.fuseActivations(.betweenReals)
    return graph.canonical()
  }

  /// The graph in forms that kernels have, whose tensors keep their operands' grids: padding that
  /// repeats what is there as concatenations, windows that lie in padding over padding that is
  /// there, softmax over another axis than the last between transpositions, copies as
  /// concatenations, four axes at most.
  ///
  /// Every output keeps its value and its bytes.
  public func withKernelForms() -> Graph {
    var graph = self
    graph.writeKernelForms()
    return graph
  }

  private mutating func writeKernelForms() {
    writePadsAsConcatenations()
    moveSoftmaxToLastAxis()
    writePaddingAsPads()
    writeCopiesAsConcatenations()
    lowerRanks()
  }

  /// The graph, quantized in part, in which every value that is not yet on a grid can be given one
  /// by itself: simplified, without conversions between reals and codes, and with nodes that keep
  /// scales apart from grids that their other operands could not share.
  ///
  /// Values between codes are no longer rounded where the file rounded them; the quantizer rounds
  /// them to the grids that it chooses.
  package func withoutConversions() -> Graph {
    var graph = self
    graph.removeConversions()
    graph = graph.simplified()
    graph.separateGrids()
    return graph.canonical()
  }
}
