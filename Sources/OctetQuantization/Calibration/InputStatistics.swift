import OctetModel

/// How the inputs of a node with weights vary together: for each group of its output channels the
/// sums of `x[i] · x[j]` over the patches that its weights are multiplied with.
///
/// A patch has a last element of 1, which stands for the bias.
struct InputStatistics: Sendable {
  /// One for each group, `[size, size]`, row-major, symmetric; the lower triangle is filled.
  var sums: [[Double]]
  /// Elements of a patch and 1.
  let size: Int
  /// Output channels `g · n ..< (g + 1) · n` use the sums of group g.
  let channelsPerGroup: Int

  /// Larger patches are not worth their time and memory: weights are rounded to nearest then.
  static let sizeLimit = 1025
  /// Patches taken of one sample, spread evenly.
  private static let patchesPerSample = 32

  static func gather(
    _ graph: Graph, _ samples: CalibrationSamples, _ threadCount: Int
  ) throws(QuantizationError) -> [Int: InputStatistics] {
    let layouts = graph.nodes.indices.reduce(into: [Int: PatchLayout]()) { layouts, index in
      layouts[index] = PatchLayout(graph, graph.nodes[index])
    }
    return try Calibration.pass(graph, samples, threadCount) {
      layouts.mapValues { InputStatistics($0) }
    } visit: { _, interpreter, statistics in
      for (index, layout) in layouts {
        unsafe interpreter.withValue(of: graph.nodes[index].inputs[0]) { values in
          unsafe statistics[index]?.add(values, layout)
        }
      }
    } merge: { into, from in
      for (index, statistics) in from {
        for group in statistics.sums.indices {
          for position in statistics.sums[group].indices {
            into[index]?.sums[group][position] += statistics.sums[group][position]
          }
        }
      }
    }
  }

  init(_ layout: PatchLayout) {
    size = layout.patchCount + 1
    channelsPerGroup = layout.channelsPerGroup
    sums = [[Double]](
      repeating: [Double](repeating: 0, count: size * size), count: layout.groupCount)
  }

  private mutating func add(_ values: UnsafeBufferPointer<Float>, _ layout: PatchLayout) {
    var patch = [Float](repeating: 1, count: size)
    let step = max(1, layout.positionCount / Self.patchesPerSample)
    for group in sums.indices {
      for position in stride(from: step / 2, to: layout.positionCount, by: step) {
        unsafe layout.fill(&patch, from: values, position: position, group: group)
        unsafe sums[group].withUnsafeMutableBufferPointer { sums in
          for row in 0..<size where patch[row] != 0 {
            let factor = Double(patch[row])
            for column in 0...row {
              unsafe sums[row * size + column] += factor * Double(patch[column])
            }
          }
        }
      }
    }
  }
}

/// Where the patches of a node lie in its input.
struct PatchLayout: Sendable {
  let patchCount: Int
  let groupCount: Int
  let channelsPerGroup: Int
  let positionCount: Int
  private let input: [Int]
  private let outputWidth: Int
  private let kernel: Extent
  private let attributes: ConvolutionAttributes
  private let inputChannelsPerGroup: Int

  /// Nil for nodes without weights and for those whose patches are too large.
  init?(_ graph: Graph, _ node: Node) {
    guard node.inputs.count > 1 else { return nil }
    let shape = graph.tensors[node.inputs[0]].shape
    let weights = graph.tensors[node.inputs[1]].shape
    let output = graph.tensors[node.outputs[0]].shape
    if case .convolution(let attributes) = node.operation {
      self.attributes = attributes
      groupCount = attributes.groups
      channelsPerGroup = weights[0] / groupCount
      (input, kernel) = (shape, Extent(height: weights[1], width: weights[2]))
      inputChannelsPerGroup = weights[3]
      (positionCount, outputWidth) = (output[1] * output[2], output[2])
    } else if case .depthwiseConvolution(let attributes) = node.operation {
      self.attributes = attributes
      groupCount = shape[3]
      channelsPerGroup = weights[3] / groupCount
      (input, kernel) = (shape, Extent(height: weights[1], width: weights[2]))
      inputChannelsPerGroup = 1
      (positionCount, outputWidth) = (output[1] * output[2], output[2])
    } else if case .fullyConnected = node.operation {
      attributes = ConvolutionAttributes()
      (groupCount, channelsPerGroup) = (1, weights[0])
      (input, kernel) = ([1, shape.elementCount / weights[1], 1, weights[1]], Extent(1))
      inputChannelsPerGroup = weights[1]
      (positionCount, outputWidth) = (shape.elementCount / weights[1], 1)
    } else {
      return nil
    }
    patchCount = kernel.height * kernel.width * inputChannelsPerGroup
    guard patchCount < InputStatistics.sizeLimit,
      groupCount * patchCount * patchCount <= 1 << 24
    else { return nil }
  }

  /// Writes the patch of an output position; padding reads as 0.
  func fill(
    _ patch: inout [Float], from values: UnsafeBufferPointer<Float>, position: Int, group: Int
  ) {
    let top = position / outputWidth * attributes.stride.height - attributes.padding.top
    let left = position % outputWidth * attributes.stride.width - attributes.padding.left
    var next = 0
    for row in 0..<kernel.height {
      let y = top + row * attributes.dilation.height
      for column in 0..<kernel.width {
        let x = left + column * attributes.dilation.width
        let isInside = y >= 0 && y < input[1] && x >= 0 && x < input[2]
        let start = (y * input[2] + x) * input[3] + group * inputChannelsPerGroup
        for channel in 0..<inputChannelsPerGroup {
          patch[next] = unsafe isInside ? values[start + channel] : 0
          next += 1
        }
      }
    }
  }
}
