import OctetData
import Testing

@Suite struct AugmentationTests {
  private static func image(
    height: Int = 12, width: Int = 10, channelCount: Int = 1
  ) -> [UInt8] {
    var random = Xoshiro256(seed: 3)
    return (0..<height * width * channelCount).map { _ in UInt8(random.next(below: 256)) }
  }

  private static func varied(
    _ list: String, _ image: [UInt8], height: Int = 12, width: Int = 10, channelCount: Int = 1,
    index: Int = 0, epoch: Int = 1
  ) throws -> [UInt8] {
    let augmenter = Augmenter(
      try Augmentation.parse(list).get(), height: height, width: width,
      channelCount: channelCount, seed: 1)
    return augmenter.varied(image, index: index, epoch: epoch)
  }

  @Test(arguments: [1, 3])
  func mirrorsAreExact(channelCount: Int) throws {
    let image = Self.image(channelCount: channelCount)
    func at(_ y: Int, _ x: Int, _ c: Int) -> Int { (y * 10 + x) * channelCount + c }
    var across = image
    var down = image
    for y in 0..<12 {
      for x in 0..<10 {
        for c in 0..<channelCount {
          across[at(y, x, c)] = image[at(y, 9 - x, c)]
          down[at(y, x, c)] = image[at(11 - y, x, c)]
        }
      }
    }
    #expect(try Self.varied("flip=1", image, channelCount: channelCount) == across)
    #expect(try Self.varied("flip-vertical=1", image, channelCount: channelCount) == down)
    // The same through the look-up that moves pixels.
    #expect(try Self.varied("flip=1,shift=1e-7", image, channelCount: channelCount) == across)
    #expect(
      try Self.varied("flip-vertical=1,rotate=1e-7", image, channelCount: channelCount) == down)
  }

  /// A window of whole pixels, whose edge goes on.
  @Test func cropsAreWindows() throws {
    let image = Self.image()
    var seen: Set<[UInt8]> = []
    for epoch in 0..<60 {
      let view = try Self.varied("crop=1", image, epoch: epoch)
      let isWindow = [-1, 0, 1].contains { down in
        [-1, 0, 1].contains { across in
          view.indices.allSatisfy { place in
            let y = min(max(place / 10 + down, 0), 11)
            return view[place] == image[y * 10 + min(max(place % 10 + across, 0), 9)]
          }
        }
      }
      #expect(isWindow)
      seen.insert(view)
    }
    #expect(seen.count == 9)
  }

  /// What an image becomes depends on its index and the epoch, and on nothing before.
  @Test func drawsDependOnIndexAndEpochAlone() throws {
    let list = Augmentation.changes.map(\.name).joined(separator: ",")
    let image = Self.image(channelCount: 3)
    func view(_ index: Int, _ epoch: Int) throws -> [UInt8] {
      try Self.varied(list, image, channelCount: 3, index: index, epoch: epoch)
    }
    let augmenter = Augmenter(
      try Augmentation.parse(list).get(), height: 12, width: 10, channelCount: 3, seed: 1)
    let views = [(5, 2), (0, 1), (5, 1), (5, 2)].map {
      augmenter.varied(image, index: $0.0, epoch: $0.1)
    }
    #expect(views[0] == views[3] && views[0] != views[2] && views[1] != views[2])
    for (place, draw) in [(5, 2), (0, 1), (5, 1), (5, 2)].enumerated() {
      let expected = try view(draw.0, draw.1)
      #expect(views[place] == expected)
    }
  }

  /// A ramp shows how far pixels moved: the deviation is what was asked for.
  @Test func bendsAsFarAsAsked() throws {
    let (height, width) = (64, 64)
    let ramp = (0..<height * width).map { UInt8(64 + 2 * ($0 % width)) }
    let augmenter = Augmenter(
      try Augmentation.parse("elastic=2").get(), height: height, width: width, channelCount: 1,
      seed: 1)
    var (sum, squares, count) = (0.0, 0.0, 0.0)
    for epoch in 0..<40 {
      let view = augmenter.varied(ramp, index: 0, epoch: epoch)
      for place in view.indices where (10..<54).contains(place % width) {
        let way = (Double(view[place]) - Double(ramp[place])) / 2
        sum += way
        squares += way * way
        count += 1
      }
    }
    #expect(abs(sum / count) < 0.15)
    let deviation = (squares / count).squareRoot()
    #expect(abs(deviation - 2) < 0.15)
  }

  /// Noise and erasing by their figures.
  @Test func noiseAndErasing() throws {
    let grey = [UInt8](repeating: 128, count: 64 * 64)
    let noisy = try Self.varied("noise=0.05", grey, height: 64, width: 64)
    let values = noisy.map { Double($0) }
    let mean = values.reduce(0, +) / 4096
    let squares = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 4096
    let deviation = squares.squareRoot()
    #expect(abs(mean - 128) < 1)
    #expect(abs(deviation - 12.75) < 0.6)
    for epoch in 0..<30 {
      let erased = try Self.varied("erase=1", grey, height: 64, width: 64, epoch: epoch)
      let places = erased.indices.filter { erased[$0] != 128 }
      guard let first = places.first, let last = places.last else { continue }
      let (rows, columns) = (last / 64 - first / 64 + 1, last % 64 - first % 64 + 1)
      #expect(places.count == rows * columns && Set(places.map { erased[$0] }).count == 1)
      #expect((60...1500).contains(places.count))
    }
  }

  @Test func listsAreChecked() throws {
    #expect(try Augmentation.parse("flip,crop=3").get().crop == 3)
    #expect(try Augmentation.parse("elastic-spacing=5").get().isNothing)
    for (list, part) in [
      ("", "there is no ''"), ("flop", "there is no 'flop'"), ("flip,flip", "comes once"),
      ("rotate=200", "from 0.0 to 180.0"), ("rotate=nan", "takes a number"), ("crop=", "number"),
    ] {
      guard case .failure(let error) = Augmentation.parse(list) else {
        Issue.record("'\(list)' was taken")
        continue
      }
      #expect(error.description.contains(part), "\(list): \(error.description)")
    }
  }
}
