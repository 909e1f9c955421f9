import BlobFuzz
import Testing

/// What `Tools/fuzz blobs` does for as long as it is told, for a moment.
@Suite struct BlobFuzzTests {
  @Test(.timeLimit(.minutes(2)), arguments: [1, 2])
  func mutantsAreRefusedOrRun(seed: Int) throws {
    var fuzzer = try BlobFuzzer(
      seed: seed, stepLimit: Effort.count(debug: 1 << 19, release: 1 << 22))
    for number in 0..<Effort.count(debug: 300, release: 5000) {
      if let (fault, _) = fuzzer.round(number) {
        Issue.record("seed \(seed), mutant \(number): \(fault)")
      }
    }
    #expect(fuzzer.tally.ranCount > 50 && fuzzer.tally.refusals.count > 8, "\(fuzzer.tally)")
  }
}
