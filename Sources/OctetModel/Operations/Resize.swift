/// Attributes of a change of an image's height and width.
public struct ResizeAttributes: Sendable, Equatable {
  /// The element that is nearest, or the four around a position weighted.
  public enum Method: Sendable { case nearest, bilinear }
  /// How an output index maps to an input position.
  public enum Coordinates: String, Sendable {
    case asymmetric, halfPixel, alignCorners, pytorchHalfPixel
  }
  /// Which element is nearest to a position.
  public enum Rounding: String, Sendable {
    case floor, ceil, roundPreferFloor, roundPreferCeil
  }

  /// How elements are chosen.
  public var method: Method
  /// How positions are computed.
  public var coordinates: Coordinates
  /// For the nearest element; bilinear resizing ignores it.
  public var rounding: Rounding
  /// The result's dimension for each axis.
  public var outputShape: [Int]
  /// Output over input for each axis; may differ from the ratio of the dimensions.
  public var scales: [Float]

  /// All that there is to say.
  public init(
    method: Method, coordinates: Coordinates, rounding: Rounding, outputShape: [Int],
    scales: [Float]
  ) {
    self.method = method
    self.coordinates = coordinates
    self.rounding = rounding
    self.outputShape = outputShape
    self.scales = scales
  }
}

/// x, sampled at other places along each axis.
struct ResizeDefinition: OperationDefinition {
  let attributes: ResizeAttributes

  var name: String { "resize" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits {
    OperationTraits(movesElements: attributes.method == .nearest, grid: .kept)
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    attributes.method == .nearest ? try inputs.alike() : try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let x = inputs[0]
    if attributes.outputShape.count != x.count || attributes.scales.count != x.count {
      throw inputs.invalid("needs a size and a scale for each dimension of \(x)")
    }
    if !attributes.scales.allSatisfy({ $0 > 0 && $0.isFinite }) {
      throw inputs.invalid("needs positive scales, but has \(attributes.scales)")
    }
    if x.contains(0) { throw inputs.invalid("needs an input with elements") }
    return [attributes.outputShape]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.resize(attributes) }
}

extension StepContext {
  func resize(_ attributes: ResizeAttributes) -> InterpreterStep {
    let mapping = ResizeMapping(attributes, x: x.shape)
    switch attributes.method {
    case .nearest:
      return gather(y, table(y.shape) { mapping.nearest(axis: $0, index: $1) }, filler: 0)
    case .bilinear: return bilinear(mapping)
    }
  }

  /// Interpolates along every axis whose size changes.
  private func bilinear(_ mapping: ResizeMapping) -> InterpreterStep {
    let (x, y) = (self.x, self.y)
    let strides = rowMajorStrides(x.shape)
    let axes = x.shape.indices.filter { mapping.changes(axis: $0) }
    let cornerCount = 1 << axes.count
    var offsets: [Int32] = []
    var weights: [Float] = []
    forEachIndex(in: y.shape) { index in
      let neighbours = index.indices.map { mapping.neighbours(axis: $0, index: index[$0]) }
      for corner in 0..<cornerCount {
        var (offset, weight) = (0, Float(1))
        for axis in index.indices {
          let isUpper = axes.firstIndex(of: axis).map { corner >> $0 & 1 == 1 } ?? false
          let neighbour = neighbours[axis]
          offset += (isUpper ? neighbour.upper : neighbour.lower) * strides[axis]
          weight *= isUpper ? neighbour.fraction : 1 - neighbour.fraction
        }
        offsets.append(Int32(offset))
        weights.append(weight)
      }
    }
    let count = y.count
    return {
      for index in 0..<count {
        var sum: Float = 0
        for k in index * cornerCount..<(index + 1) * cornerCount {
          unsafe sum += weights[k] * x.base[Int(offsets[k])]
        }
        unsafe y.base[index] = sum
      }
    }
  }
}

/// Where each output element of a resize comes from.
struct ResizeMapping {
  private let attributes: ResizeAttributes
  private let shape: [Int]

  init(_ attributes: ResizeAttributes, x: [Int]) {
    self.attributes = attributes
    shape = x
  }

  func changes(axis: Int) -> Bool {
    attributes.outputShape[axis] != shape[axis] || attributes.scales[axis] != 1
  }

  /// The position in the input, in elements, that output element `index` is taken from.
  func position(axis: Int, index: Int) -> Float {
    let scale = attributes.scales[axis]
    let (length, outputLength) = (Float(shape[axis]), Float(attributes.outputShape[axis]))
    switch attributes.coordinates {
    case .asymmetric: return Float(index) / scale
    case .halfPixel: return (Float(index) + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return outputLength > 1 ? (Float(index) + 0.5) / scale - 0.5 : 0
    case .alignCorners:
      return outputLength > 1 ? Float(index) * (length - 1) / (outputLength - 1) : 0
    }
  }

  func nearest(axis: Int, index: Int) -> Int {
    if !changes(axis: axis) { return index }
    let position = position(axis: axis, index: index)
    let rounded =
      switch attributes.rounding {
      case .floor: position.rounded(.down)
      case .ceil: position.rounded(.up)
      case .roundPreferFloor: (position - 0.5).rounded(.up)
      case .roundPreferCeil: (position + 0.5).rounded(.down)
      }
    return Int(max(0, min(Float(shape[axis] - 1), rounded)))
  }

  func neighbours(axis: Int, index: Int) -> (lower: Int, upper: Int, fraction: Float) {
    if !changes(axis: axis) { return (index, index, 0) }
    let last = shape[axis] - 1
    let position = max(0, min(Float(last), position(axis: axis, index: index)))
    let lower = Int(position)
    return (lower, min(lower + 1, last), position - Float(lower))
  }
}
