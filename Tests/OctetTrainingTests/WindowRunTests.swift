import OctetTraining
import Testing

/// Every small window against its definition, tap by tap.
@Suite struct WindowRunTests {
  private struct Tap: Hashable {
    var output, tap, input: Int
  }

  /// What the runs say, as taps of outputs; `isSpread`: targets are the inputs.
  private func taps(_ runs: [WindowRun], isSpread: Bool) -> (taps: [Tap], targets: [Int]) {
    var taps: [Tap] = []
    var targets: [Int] = []
    for run in runs {
      for n in 0..<run.count {
        let target = run.target + n * run.targetStep
        targets.append(target)
        for t in 0..<run.tapCount {
          let source = run.source + n * run.sourceStep + t * run.sourceTapStep
          let tap = run.tap + t * run.tapStep
          taps.append(
            isSpread
              ? Tap(output: source, tap: tap, input: target)
              : Tap(output: target, tap: tap, input: source))
        }
      }
    }
    return (taps, targets)
  }

  @Test func runsAreTheDefinition() {
    for inputs in 1...6 {
      for kernel in 1...4 {
        for stride in 1...3 {
          for dilation in 1...2 {
            for (before, after) in [(0, 0), (1, 0), (0, 2), (2, 2), (3, 1)] {
              var axis = WindowAxis(
                inputCount: inputs, outputCount: 0, kernel: kernel, stride: stride,
                dilation: dilation, padding: before)
              axis.outputCount = axis.outputCount(paddingAfter: after)
              guard axis.outputCount > 0 else { continue }
              var expected: Set<Tap> = []
              for output in 0..<axis.outputCount {
                for tap in 0..<kernel {
                  let input = output * stride - before + tap * dilation
                  if (0..<inputs).contains(input) {
                    expected.insert(Tap(output: output, tap: tap, input: input))
                  }
                }
              }
              let gathered = taps(axis.gathering(), isSpread: false)
              let spread = taps(axis.spreading(), isSpread: true)
              #expect(Set(gathered.taps) == expected && gathered.taps.count == expected.count)
              #expect(Set(spread.taps) == expected && spread.taps.count == expected.count)
              #expect(gathered.targets.sorted() == Array(0..<axis.outputCount))
              #expect(spread.targets.sorted() == Array(0..<inputs))
              for tap in 0..<kernel {
                let own = expected.filter { $0.tap == tap }.map(\.output).sorted()
                #expect(Array(axis.outputs(of: tap)) == own)
              }
            }
          }
        }
      }
    }
  }
}
