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
    let shuffled = counting(50).shuffled(seed: 1)
    #expect(shuffled.pixels != counting(50).pixels)
    #expect(shuffled.pixels.sorted() == counting(50).pixels)
    for (pixel, label) in zip(shuffled.pixels, shuffled.labels) { #expect(pixel % 3 == label) }
  }

  @Test(arguments: [0, 1, 17, 50]) func splitsWithoutLossOrOverlap(count: Int) {
    let set = counting(50)
    let (train, validation) = set.split(validationCount: count, seed: 3)
    #expect(validation.count == count && train.count == 50 - count)
    #expect((train.pixels + validation.pixels).sorted() == set.pixels)
    #expect(train.pixels == train.pixels.sorted())
    #expect(set.split(validationCount: count, seed: 3).validation.pixels == validation.pixels)
    #expect(set.split(validationFraction: 0.1, seed: 3).validation.count == 5)
  }

  @Test(arguments: [(0, 4), (1, 4), (8, 4), (10, 4), (3, 100)]) func batchesHoldEachIndexOnce(
    count: Int, size: Int
  ) {
    let batches = Array(BatchOrder(count: count, batchSize: size, seed: 1, epoch: 0))
    #expect(batches.joined().sorted() == Array(0..<count))
    #expect(batches.dropLast().allSatisfy { $0.count == size })
    #expect(batches.last?.isEmpty != true)
  }

  @Test func everyEpochHasItsOrder() {
    func order(seed: UInt64, epoch: Int) -> [Int] {
      BatchOrder(count: 100, batchSize: 8, seed: seed, epoch: epoch).flatMap { $0 }
    }
    #expect(order(seed: 1, epoch: 0) == order(seed: 1, epoch: 0))
    #expect(order(seed: 1, epoch: 0) != order(seed: 1, epoch: 1))
    #expect(order(seed: 1, epoch: 0) != order(seed: 2, epoch: 0))
  }

  // MARK: Augmentation

  @Test func identityLeavesImagesAlone() {
    let set = Digits.generate(count: 3, seed: 1)
    let identity = Augmentation(seed: 5)
    #expect(identity.isIdentity)
    #expect(identity.apply(toImageAt: 2, of: set, epoch: 4) == set.image(at: 2).pixels)
  }

  @Test func augmentationDependsOnSeedEpochAndIndexOnly() {
    let set = Digits.generate(count: 3, seed: 1)
    let first = Augmentation.digits.apply(toImageAt: 1, of: set, epoch: 2)
    #expect(first == Augmentation.digits.apply(toImageAt: 1, of: set, epoch: 2))
    #expect(first != Augmentation.digits.apply(toImageAt: 1, of: set, epoch: 3))
    var other = Augmentation.digits
    other.seed = 2
    #expect(first != other.apply(toImageAt: 1, of: set, epoch: 2))
    #expect(first != set.image(at: 1).pixels)
  }

  @Test(arguments: [
    Augmentation(shift: 2), Augmentation(rotation: 15), Augmentation(scale: 0.2),
    Augmentation(elasticity: 1.5), Augmentation(shift: 100, rotation: 89, scale: 0.9),
  ]) func augmentationKeepsTheInkOfSmallChanges(augmentation: Augmentation) {
    let set = Digits.generate(count: 20, seed: 2)
    for index in 0..<set.count {
      let pixels = augmentation.apply(toImageAt: index, of: set, epoch: 0)
      #expect(pixels.count == 784)
      guard augmentation.shift < 10 else { continue }
      let before = set.image(at: index).pixels.reduce(0) { $0 + Int($1) }
      let after = pixels.reduce(0) { $0 + Int($1) }
      #expect((0.5...1.8).contains(Double(after) / Double(before)))
    }
  }

  @Test func augmentationWorksOnColourAndTinyImages() {
    let set = Dataset(
      pixels: [10, 20, 30], labels: [0], height: 1, width: 1, channelCount: 3, classNames: ["a"])
    let pixels = Augmentation(rotation: 45).apply(toImageAt: 0, of: set, epoch: 0)
    #expect(pixels == [10, 20, 30])
  }
}
