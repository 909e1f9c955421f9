import OctetData
import Testing

@Suite struct DatasetTests {
  /// Image i is one pixel of value i and label i mod 3.
  private func counting(_ count: Int) -> Dataset {
    Dataset(
      pixels: (0..<count).map { UInt8($0) }, labels: (0..<count).map { UInt8($0 % 3) }, height: 1,
      width: 1, channelCount: 1, classNames: ["a", "b", "c"])
  }

  /// The words of the authors' C programs for seed 0.
  @Test func generatorsMatchTheirDefinition() {
    var mixer = SplitMix64(seed: 0)
    #expect(mixer.next() == 0xe220_a839_7b1d_cdaf)
    #expect(mixer.next() == 0x6e78_9e6a_a1b9_65f4)
    #expect(mixer.next() == 0x06c4_5d18_8009_454f)
    var random = Xoshiro256(seed: 0)
    #expect(random.next() == 0x99ec_5f36_cb75_f2b4)
    #expect(random.next() == 0xbf6e_1f78_4956_452a)
  }

  @Test func numbersAreWithinTheirRanges() {
    var random = Xoshiro256(seed: 9)
    var counts = [Int](repeating: 0, count: 7)
    var sum = 0.0
    var squares = 0.0
    for _ in 0..<7000 {
      counts[random.next(below: 7)] += 1
      #expect((0..<1).contains(random.nextUnit()))
      #expect((-2...3).contains(random.next(in: -2...3)))
      let bell = random.nextBell()
      sum += bell
      squares += bell * bell
    }
    #expect(counts.allSatisfy { (850...1150).contains($0) })
    #expect(abs(sum / 7000) < 0.05 && abs(squares / 7000 - 1) < 0.06)
    #expect(random.next(below: 1) == 0)
  }

  @Test func subsetKeepsImagesAndLabelsTogether() {
    let subset = counting(10).subset([7, 0, 7])
    #expect(subset.pixels == [7, 0, 7] && subset.labels == [1, 0, 1])
    #expect(counting(10).prefix(3).pixels == [0, 1, 2])
    #expect(counting(10).prefix(30).count == 10)
  }

  @Test func everySeedHasItsOrder() {
    func order(_ seed: UInt64) -> [Int] { Dataset.shuffledIndices(count: 100, seed: seed) }
    #expect(order(1).sorted() == Array(0..<100))
    #expect(order(1) == order(1) && order(1) != order(2))
  }
}
