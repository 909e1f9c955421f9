import OctetData
import Testing

@Suite struct DigitsTests {
  /// The same bytes on every machine; when the generator is changed on purpose, the new value is
  /// printed by the failure.
  @Test func isDeterministic() {
    let set = Digits.generate(count: 100, seed: 1)
    #expect(crc32(set.pixels) == 0x6ecd_8f1e)
    #expect(crc32(set.labels) == 0x9d6e_33df)
    #expect(Digits.generate(count: 100, seed: 1).pixels == set.pixels)
    #expect(Digits.generate(count: 100, seed: 2).pixels != set.pixels)
  }

  @Test(arguments: [0, 1, 9, 10, 100, 237]) func isBalanced(count: Int) {
    let set = Digits.generate(count: count, seed: 7)
    #expect(set.count == count)
    #expect(set.pixels.count == count * 784)
    #expect(set.classNames == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
    let expected = (0..<10).map { count / 10 + ($0 < count % 10 ? 1 : 0) }
    #expect(set.classCounts == expected)
  }

  @Test func isShuffled() {
    let labels = Digits.generate(count: 100, seed: 7).labels
    #expect(labels != (0..<100).map { UInt8($0 % 10) })
  }

  /// As in MNIST: within 20×20, touching two opposite sides of that box, the centre of mass in
  /// the middle to within the rounding to whole pixels, unless the box would leave the image.
  @Test func isNormalised() {
    let set = Digits.generate(count: 300, seed: 3)
    for index in 0..<set.count {
      let pixels = set.image(at: index).pixels
      var mass = 0.0
      var momentX = 0.0
      var momentY = 0.0
      var rows: [Int] = []
      var columns: [Int] = []
      for y in 0..<28 {
        for x in 0..<28 where pixels[y * 28 + x] > 0 {
          let value = Double(pixels[y * 28 + x])
          mass += value
          momentX += value * (Double(x) + 0.5)
          momentY += value * (Double(y) + 0.5)
          rows.append(y)
          columns.append(x)
        }
      }
      let height = (rows.max() ?? 0) - (rows.min() ?? 0) + 1
      let width = (columns.max() ?? 0) - (columns.min() ?? 0) + 1
      #expect(height <= 20 && width <= 20 && max(height, width) >= 18)
      #expect(abs(momentX / mass - 14) < 0.51 && abs(momentY / mass - 14) < 0.51)
      #expect(pixels.max() ?? 0 > 200)
    }
  }

  /// MNIST's mean is 0.1307 of white.
  @Test func hasAsMuchInkAsMNIST() {
    let set = Digits.generate(count: 500, seed: 4)
    let mean = Double(set.pixels.reduce(0) { $0 + Int($1) }) / Double(set.pixels.count) / 255
    #expect((0.11...0.15).contains(mean))
  }
}
