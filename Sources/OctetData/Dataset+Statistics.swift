/// One channel over all pixels of a set, as fractions of 255.
package struct ChannelStatistics: Equatable, Sendable {
  /// 0 … 1.
  package var mean: Double
  /// The standard deviation of the population, 0 … 0.5; 0 where the channel never changes.
  package var standardDeviation: Double
}

extension Dataset {
  /// Mean and standard deviation of each channel. The sums are whole numbers, so the order of the
  /// images changes nothing.
  package var channelStatistics: [ChannelStatistics] {
    // At most 2^30 bytes (DataLimits) of 255²: below 2^46.
    var sums = [Int](repeating: 0, count: channelCount)
    var squares = sums
    var channel = 0
    for pixel in pixels {
      sums[channel] += Int(pixel)
      squares[channel] += Int(pixel) * Int(pixel)
      channel = channel + 1 == channelCount ? 0 : channel + 1
    }
    let count = Double(max(pixels.count / max(channelCount, 1), 1))
    return zip(sums, squares).map { sum, square in
      let mean = Double(sum) / count
      let variance = max(Double(square) / count - mean * mean, 0)
      return ChannelStatistics(
        mean: mean / 255, standardDeviation: variance.squareRoot() / 255)
    }
  }
}

extension DataSource {
  /// What a person who trains on this should know, one sentence each.
  package var notes: [String] {
    var notes: [String] = []
    let empty = zip(train.classNames, train.classCounts).filter { $0.1 == 0 }.map(\.0)
    if !empty.isEmpty {
      let shown = empty.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
      let more = empty.count > 8 ? " and \(empty.count - 8) more" : ""
      notes.append(
        "no training image shows \(shown)\(more); the network will not know "
          + "\(empty.count == 1 ? "this class" : "these classes")")
    }
    if train.pixels == test.pixels, train.labels == test.labels {
      notes.append(
        "the test images are the training images, so the test accuracy says what was learnt by "
          + "heart, not what is understood")
    }
    let constant = train.channelStatistics.enumerated().filter { $0.element.standardDeviation == 0 }
    if train.count > 1, !constant.isEmpty {
      let names = train.channelCount == 3 ? ["red", "green", "blue"] : []
      let channels = constant.map { names.isEmpty ? "\($0.offset)" : names[$0.offset] }
      notes.append(
        "every pixel of every training image has the same value in "
          + "\(channels.count == 1 ? "channel" : "channels") \(channels.joined(separator: ", ")), "
          + "which tells the classes nothing")
    }
    return notes
  }
}
