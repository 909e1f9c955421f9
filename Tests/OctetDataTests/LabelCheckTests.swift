import OctetData
import Testing

/// Labels of IDX sets that cannot be meant.
@Suite struct LabelCheckTests {
  private func load(
    train: [UInt8], test: [UInt8]? = nil, packed: Bool = false, labels: LabelPolicy = .checked
  ) throws -> DataSource {
    let folder = try TemporaryFolder()
    for (part, values) in [("train", train), ("t10k", test ?? train)] {
      // Both sets are the same, or no image is in both.
      let mark: UInt8 = part == "t10k" && test != nil ? 1 : 0
      let images = IDX.Array(
        sizes: [values.count, 1, 2],
        bytes: values.indices.flatMap { [UInt8(truncatingIfNeeded: $0), mark] })
      let labels = IDX.encode(IDX.Array(sizes: [values.count], bytes: values))
      try folder.write("\(part)-images-idx3-ubyte", IDX.encode(images))
      try folder.write(
        "\(part)-labels-idx1-ubyte\(packed ? ".gz" : "")", packed ? gzipped(labels) : labels)
    }
    return try DataSource.load(folder.path, labels: labels)
  }

  private func refusal(train: [UInt8], test: [UInt8]? = nil, packed: Bool = false) -> String {
    do {
      _ = try load(train: train, test: test, packed: packed)
      return ""
    } catch {
      return "\(error)"
    }
  }

  private let digits = (0..<200).map { UInt8($0 % 10) }

  /// Every value that a damaged byte can have: those above 9 are seen, those below cannot be.
  @Test func oneDamagedByte() {
    for value in UInt8.min...UInt8.max {
      var labels = digits
      labels[99] = value
      let text = refusal(train: labels, test: digits)
      #expect(text.isEmpty == (value < 10), "\(value): \(text)")
      if value >= 10 {
        #expect(
          text.contains("train-labels-idx1-ubyte', byte 107: image 99 has the label \(value)"))
        #expect(text.contains("--any-labels"))
      }
    }
  }

  @Test func gapsAreNamed() {
    var labels = digits
    labels[99] = 200
    #expect(refusal(train: labels).contains("but no training image has 10 … 199;"))
    labels[99] = 11
    #expect(refusal(train: labels).contains("but no training image has 10;"))
    labels[99] = 10
    #expect(refusal(train: labels).contains("which no other of 200 training images has;"))
    #expect(refusal(train: labels, packed: true).contains("(bytes counted after unpacking)"))
  }

  @Test func labelsThatOnlyTheTestSetHas() {
    var labels = digits
    labels[7] = 12
    let text = refusal(train: digits, test: labels)
    #expect(text.contains("t10k-labels-idx1-ubyte', byte 15: image 7 has the label 12"))
    #expect(refusal(train: [0, 1, 2], test: [0, 1, 3]).contains("which no training image has"))
  }

  /// What people have: few images a class, letters that count from 1, many classes, long tails.
  @Test func soundSetsAreTaken() throws {
    let letters = (0..<260).map { UInt8(1 + $0 % 26) }
    #expect(try load(train: letters).train.classNames.count == 27)
    let all = (0...255).map { UInt8($0) }
    #expect(try load(train: all).train.classNames.count == 256)
    let tail = (0..<40).flatMap { [UInt8](repeating: UInt8($0), count: 1 + 400 / (1 + $0)) }
    #expect(try load(train: tail).train.classNames.count == 40)
    #expect(try load(train: [0, 1, 2]).train.classNames.count == 10)
  }

  @Test func theyAreTakenWhenToldTo() throws {
    var labels = digits
    labels[99] = 200
    let source = try load(train: labels, labels: .asTheyAre)
    #expect(source.train.classNames.count == 201)
    #expect(source.notes.first?.contains("no training image shows '10', '11'") == true)
  }

  @Test func notesSayWhatIsMissing() throws {
    let notes = try load(train: [0, 1, 2, 3, 4, 5, 6, 8, 9], test: [1]).notes
    #expect(
      notes.count == 1 && notes[0].contains("shows '7'; the network will not know this class"))
    #expect(try load(train: digits, test: [1]).notes == [])
    #expect(try load(train: digits).notes.contains { $0.contains("by heart") })
  }
}

@Suite struct StatisticsTests {
  /// Against the definition, in floating point.
  @Test(arguments: [1, 2, 3])
  func channels(count: Int) {
    let pixels = (0..<60 * count).map { UInt8(truncatingIfNeeded: $0 * 37 + $0 / 7) }
    let set = Dataset(
      pixels: pixels, labels: [0, 0], height: 5, width: 6, channelCount: count, classNames: ["a"])
    for (channel, found) in set.channelStatistics.enumerated() {
      let values = stride(from: channel, to: pixels.count, by: count).map {
        Double(pixels[$0]) / 255
      }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect(abs(found.mean - mean) < 1e-12)
      #expect(abs(found.standardDeviation - variance.squareRoot()) < 1e-9)
    }
  }

  @Test func aConstantChannelIsNoted() {
    let set = Dataset(
      pixels: [7, 0, 9, 7, 255, 3], labels: [0, 1], height: 1, width: 1, channelCount: 3,
      classNames: ["a", "b"])
    #expect(set.channelStatistics[0].mean == 7.0 / 255)
    #expect(set.channelStatistics[0].standardDeviation == 0)
    let notes = DataSource(name: "x", train: set, test: set).notes
    #expect(notes.contains { $0.contains("in channel red,") })
  }

  @Test func repetitionsAndImbalanceAreNoted() {
    func set(_ pixels: [UInt8], _ labels: [UInt8]) -> Dataset {
      Dataset(
        pixels: pixels, labels: labels, height: 1, width: 1, channelCount: 1,
        classNames: ["a", "b"])
    }
    let train = set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    let notes = DataSource(name: "x", train: train, test: set([3, 50, 11, 60], [0, 0, 1, 0])).notes
    #expect(notes.contains { $0.hasPrefix("2 of 4 test images are among the training images") })
    #expect(notes.contains { $0.hasPrefix("'a' has 10 training images and 'b' 1:") })
    let fine = set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    #expect(DataSource(name: "x", train: fine, test: set([50], [0])).notes == [])
  }
}
