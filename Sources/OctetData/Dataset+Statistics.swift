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
    var notes = remarks
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
    } else if let note = repetitionNote {
      notes.append(note)
    }
    if let note = imbalanceNote { notes.append(note) }
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

  /// Images of the test set that are learnt from, too.
  private var repetitionNote: String? {
    guard train.imageByteCount == test.imageByteCount, train.imageByteCount > 0 else { return nil }
    var places: [UInt64: [Int]] = [:]
    for index in 0..<train.count { places[train.hash(of: index), default: []].append(index) }
    let count = (0..<test.count).count { index in
      let bytes = test.bytes(of: index)
      return places[test.hash(of: index), default: []].contains { train.bytes(of: $0) == bytes }
    }
    guard count > 0 else { return nil }
    return
      "\(count) of \(test.count) test images are among the training images too, byte for byte, "
      + "so the test accuracy flatters; take them out of one of the two"
  }

  /// A class that has ten times as many images as another.
  private var imbalanceNote: String? {
    let counts = zip(train.classNames, train.classCounts).filter { $0.1 > 0 }
    guard let most = counts.max(by: { $0.1 < $1.1 }), let least = counts.min(by: { $0.1 < $1.1 }),
      most.1 >= 10 * least.1
    else { return nil }
    return
      "'\(most.0)' has \(most.1) training images and '\(least.0)' \(least.1): the network will "
      + "seldom say '\(least.0)'; find more of it, or take fewer of the other"
  }
}

extension Dataset {
  fileprivate func bytes(of index: Int) -> ArraySlice<UInt8> {
    pixels[index * imageByteCount..<(index + 1) * imageByteCount]
  }

  /// A number that equal images share, and others nearly never (FNV-1a).
  fileprivate func hash(of index: Int) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes(of: index) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }
}
