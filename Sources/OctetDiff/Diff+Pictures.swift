import OctetEvaluation
import OctetModel
import OctetReport

extension Diff {
  /// The convolutions whose filters are shown: the first ones see what people see.
  private static let filterLayerLimit = 3

  /// Adds the filters of the first convolutions with windows.
  func addFilters(to context: inout DiffContext) {
    var count = 0
    for (layer, place) in layers.enumerated() {
      guard count < Self.filterLayerLimit, context.layers[layer].weights != nil,
        let filters = filters(place)
      else { continue }
      context.layers[layer].weights?.filters = filters
      count += 1
    }
  }

  private func filters(_ place: Int) -> DiffReport.Filters? {
    typealias Filters = DiffReport.Filters
    guard let twin = twins[place],
      let own = candidate.kernels(behind: candidate.places[place].tensor),
      let given = reference.kernels(behind: reference.places[twin].tensor),
      own.shape == given.shape, own.axis == given.axis, own.shape.count == 4
    else { return nil }
    // Output, row, column, input; of depthwise convolutions row, column, output.
    let (height, width) = (own.shape[1], own.shape[2])
    let totalCount = own.shape[own.axis]
    let inputCount = own.axis == 0 ? own.shape[3] : 1
    guard height * width > 1, height <= Filters.sideLimit, width <= Filters.sideLimit else {
      return nil
    }
    let channelCount = inputCount >= Filters.channelLimit ? Filters.channelLimit : 1
    let count = min(totalCount, Filters.countLimit)
    var positions: [Int] = []
    for filter in 0..<count {
      for pixel in 0..<height * width {
        for channel in 0..<channelCount {
          positions.append(
            own.axis == 0
              ? (filter * height * width + pixel) * inputCount + channel
              : pixel * totalCount + filter)
        }
      }
    }
    return Filters(
      height: height, width: width, channelCount: channelCount, count: count,
      totalCount: totalCount,
      values: .init(
        float: positions.map { given.values[$0] }, int8: positions.map { own.values[$0] }))
  }

  /// Adds what the layers make of the worst samples.
  func attachInsides(_ state: inout DiffState) throws {
    let samples = state.worstSamples
    let shown = pictureLayers
    guard !samples.isEmpty, !shown.isEmpty else { return }
    let (first, second) = (
      try DiffMachine(reference, encoder: referenceEncoder, keepsReals: true),
      try DiffMachine(candidate, encoder: candidateEncoder, keepsReals: false)
    )
    state.insides = samples.map { sample in
      first.run(sample)
      var found: [Int: DiffReport.Activation] = [:]
      var values: [Float] = []
      second.run(sample) { place in
        guard shown.contains(place), let twin = twins[place] else { return }
        second.copyReals(place, into: &values)
        let given = unsafe first.withReals(twin) { unsafe Array($0) }
        found[place] = .init(candidate.places[place], float: given, int8: values)
      }
      return .init(index: sample, layers: shown.compactMap { found[$0] })
    }
  }

  /// The layers with rows and columns; of very many as many as are kept, evenly spread. The choice
  /// is the same for every shard.
  private var pictureLayers: [Int] {
    let places = layers.filter { place in
      let spot = candidate.places[place]
      let shape = spot.shape
      return spot.operatorIndex != nil && shape.count == 4 && shape[0] == 1
        && min(shape[1], shape[2]) > 1
    }
    let limit = DiffReport.Activation.layerLimit
    guard places.count > limit else { return places }
    return (0..<limit).map { places[$0 * (places.count - 1) / (limit - 1)] }
  }
}

extension DiffModel {
  /// The weights of the operator that makes a tensor, where it is a convolution.
  fileprivate func kernels(
    behind tensor: TensorIndex
  ) -> (values: [Float], shape: [Int], axis: Int)? {
    guard let node = real.weightedNode(behind: tensor), node.inputs.count > 1,
      let axis = node.operation.weightChannelAxis,
      let values = real.tensors[node.inputs[1]].reals
    else { return nil }
    switch node.operation {
    case .convolution, .depthwiseConvolution:
      return (values, real.tensors[node.inputs[1]].shape, axis)
    default: return nil
    }
  }
}

extension DiffReport.Activation {
  /// The channel of a place's values in which the models differ most; nil unless both have as many.
  fileprivate init?(_ place: DiffModel.Place, float: [Float], int8: [Float]) {
    let shape = place.shape
    guard shape.count == 4, float.count == int8.count, float.count == place.elementCount else {
      return nil
    }
    let (height, width, channelCount) = (shape[1], shape[2], shape[3])
    var errors = [Double](repeating: 0, count: channelCount)
    for index in float.indices {
      let error = Double(float[index]) - Double(int8[index])
      if error.isFinite { errors[index % channelCount] += error * error }
    }
    guard let largest = errors.max(), let channel = errors.firstIndex(of: largest) else {
      return nil
    }
    let step = (max(height, width) + Self.sideLimit - 1) / Self.sideLimit
    let (rows, columns) = ((height + step - 1) / step, (width + step - 1) / step)
    func means(_ values: [Float]) -> [Float] {
      var sums = [Float](repeating: 0, count: rows * columns)
      var counts = sums
      for y in 0..<height {
        for x in 0..<width {
          let cell = y / step * columns + x / step
          sums[cell] += values[(y * width + x) * channelCount + channel]
          counts[cell] += 1
        }
      }
      return zip(sums, counts).map { $0 / $1 }
    }
    self.init(
      layer: place.name, height: rows, width: columns, channel: channel,
      values: .init(float: means(float), int8: means(int8)))
  }
}
