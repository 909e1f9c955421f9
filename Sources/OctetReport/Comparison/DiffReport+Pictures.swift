import Foundation

extension DiffReport {
  /// Every weight of a layer, float against int8, counted in equal bins of both.
  public struct WeightScatter: Codable, Sendable, Equatable {
    /// The lower end of both axes.
    public var lower: Float
    /// The upper end of both axes.
    public var upper: Float
    /// The number of bins along either axis.
    public var binCount: Int
    /// Three numbers for each bin that is not empty: the float weight's bin, the int8 weight's, and
    /// the number of weights there.
    public var bins: [Int]
    /// The output channel whose weights are farthest off; nil where all are rounded alike.
    public var channel: Int?
    /// That channel's weights, at most 128 evenly spread: float, int8, float, int8…
    public var channelWeights: [Float]

    package static let binCount = 48
    private static let weightLimit = 128
    /// A channel is shown apart when its error is so many times the median channel's.
    private static let conspicuousRatio = 3.0

    /// Makes the counts; nil where the two do not have as many weights or none is a number.
    ///
    /// - Parameter channelOf: the output channel of the weight at a position.
    package init?(
      float: [Float], int8: [Float], channelCount: Int, channelOf: (Int) -> Int
    ) {
      let usable = float.indices.filter {
        $0 < int8.count && float[$0].isFinite && int8[$0].isFinite
      }
      guard float.count == int8.count, channelCount > 0,
        let lower = usable.map({ min(float[$0], int8[$0]) }).min(),
        let upper = usable.map({ max(float[$0], int8[$0]) }).max(), (upper - lower).isFinite
      else { return nil }
      self.lower = lower
      self.upper = upper
      let count = Self.binCount
      binCount = count
      func bin(_ value: Float) -> Int {
        upper > lower ? min(count - 1, Int(Float(count) * (value - lower) / (upper - lower))) : 0
      }
      var counts: [Int: Int] = [:]
      var errors = [Double](repeating: 0, count: channelCount)
      for index in usable {
        counts[bin(float[index]) * count + bin(int8[index]), default: 0] += 1
        let error = Double(float[index]) - Double(int8[index])
        errors[channelOf(index)] += error * error
      }
      bins = counts.sorted { $0.key < $1.key }.flatMap { [$0.key / count, $0.key % count, $0.value] }
      channel = Self.conspicuous(errors.map { $0.squareRoot() })
      channelWeights = []
      guard let channel else { return }
      let own = usable.filter { channelOf($0) == channel }
      let step = max(1, (own.count + Self.weightLimit - 1) / Self.weightLimit)
      for position in stride(from: 0, to: own.count, by: step) {
        channelWeights += [float[own[position]], int8[own[position]]]
      }
    }

    private static func conspicuous(_ errors: [Double]) -> Int? {
      let sorted = errors.sorted()
      guard sorted.count > 1, let top = sorted.last, top > 0,
        top > conspicuousRatio * sorted[sorted.count / 2]
      else { return nil }
      return errors.firstIndex(of: top)
    }
  }

  /// The first filters of a convolution as small pictures, before and after.
  public struct Filters: Codable, Sendable, Equatable {
    /// The rows of a filter.
    public var height: Int
    /// The columns of a filter.
    public var width: Int
    /// The input channels that are kept: 3 are red, green and blue.
    public var channelCount: Int
    /// The number of filters that are kept, from channel 0.
    public var count: Int
    /// The number of filters that the layer has.
    public var totalCount: Int
    /// The weights of both models: one for each filter, row, column and channel.
    public var values: PairedValues

    package static let countLimit = 16
    package static let channelLimit = 3
    package static let sideLimit = 11

    package init(
      height: Int, width: Int, channelCount: Int, count: Int, totalCount: Int, values: PairedValues
    ) {
      self.height = height
      self.width = width
      self.channelCount = channelCount
      self.count = count
      self.totalCount = totalCount
      self.values = values
    }
  }

  /// One sample as the layers see it.
  public struct Inside: Codable, Sendable, Equatable {
    /// The sample: the most surprising flips, or those with the largest errors.
    public var index: Int
    /// The layers with rows and columns, in the order in which they run.
    public var layers: [Activation]

    package static let countLimit = 3

    package init(index: Int, layers: [Activation]) {
      self.index = index
      self.layers = layers
    }
  }

  /// One channel of a layer's output for one sample, in both models.
  public struct Activation: Codable, Sendable, Equatable {
    /// The layer's name, as in `layers`.
    public var layer: String
    /// The rows that are kept: neighbours become one when there are many.
    public var height: Int
    /// The columns that are kept.
    public var width: Int
    /// The channel: the one in which the models differ most.
    public var channel: Int
    /// The values of both models, row by row.
    public var values: PairedValues

    package static let sideLimit = 24
    /// The layers that are kept of one sample.
    package static let layerLimit = 24

    package init(layer: String, height: Int, width: Int, channel: Int, values: PairedValues) {
      self.layer = layer
      self.height = height
      self.width = width
      self.channel = channel
      self.values = values
    }
  }

  /// Values of both models in a byte each, good enough for pictures.
  public struct PairedValues: Codable, Sendable, Equatable {
    /// The smallest value of either model: byte 0.
    public var lower: Float
    /// The largest value of either model: byte 255.
    public var upper: Float
    /// The largest difference: byte ±127.
    public var largestDifference: Float
    /// The reference's values; Base64 in JSON.
    public var float: Data
    /// The candidate's values; Base64 in JSON.
    public var int8: Data
    /// The candidate's less the reference's values as signed bytes; Base64 in JSON.
    public var difference: Data

    /// Packs as many values as both have; what is not finite becomes 0.
    package init(float: [Float], int8: [Float]) {
      let pairs = zip(float, int8).map { ($0.isFinite ? $0 : 0, $1.isFinite ? $1 : 0) }
      let (lower, upper) = (
        pairs.map { min($0, $1) }.min() ?? 0, pairs.map { max($0, $1) }.max() ?? 0
      )
      let largest = min(pairs.map { abs($1 - $0) }.max() ?? 0, .greatestFiniteMagnitude)
      self.lower = lower
      self.upper = upper
      largestDifference = largest
      func byte(_ value: Float) -> UInt8 {
        guard upper > lower else { return 0 }
        let (low, high) = (Double(lower), Double(upper))
        return UInt8(min(255, max(0, (255 * (Double(value) - low) / (high - low)).rounded())))
      }
      self.float = Data(pairs.map { byte($0.0) })
      self.int8 = Data(pairs.map { byte($0.1) })
      difference = Data(
        pairs.map { pair in
          guard largest > 0 else { return 0 }
          let share = (Double(pair.1) - Double(pair.0)) / Double(largest)
          return UInt8(bitPattern: Int8(min(127, max(-127, (127 * share).rounded()))))
        })
    }
  }
}
