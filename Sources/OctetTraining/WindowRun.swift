import COctetFloatKernels

/// Neighbours along one axis that a sliding window treats alike: target n of `count` is
/// `target + n · targetStep`; its taps t of `tapCount` are the kernel's `tap + t · tapStep`, and
/// each reads the source at `source + n · sourceStep + t · sourceTapStep`. Only what lies inside
/// the image is a tap, so there is no padding to read.
package struct WindowRun: Sendable, Equatable {
  package var target: Int
  package var targetStep: Int
  package var count = 1
  package var tap = 0
  package var tapStep = 1
  package var tapCount = 0
  package var source = 0
  package var sourceStep: Int
  package var sourceTapStep = 0
}

/// A window sliding along one axis: output p sees input p · stride − padding + tap · dilation.
package struct WindowAxis: Sendable {
  package var inputCount, outputCount: Int
  package var kernel, stride, dilation: Int
  /// Elements before the first.
  package var padding: Int

  package init(
    inputCount: Int, outputCount: Int, kernel: Int, stride: Int, dilation: Int, padding: Int
  ) {
    self.inputCount = inputCount
    self.outputCount = outputCount
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
  }

  /// The outputs that there are when so many elements are added after the last, too.
  package func outputCount(paddingAfter after: Int) -> Int {
    let rest = padding + inputCount + after - (kernel - 1) * dilation - 1
    return rest < 0 ? 0 : rest / stride + 1
  }

  /// The direction from inputs to outputs.
  package func gathering() -> [WindowRun] {
    runs(targetCount: outputCount, targetStep: 1, sourceStep: stride) { target, tap in
      let source = target * stride - padding + tap * dilation
      return (0..<inputCount).contains(source) ? source : nil
    }
  }

  /// The direction from outputs back to inputs, of which every `stride`th is alike.
  package func spreading() -> [WindowRun] {
    runs(targetCount: inputCount, targetStep: stride, sourceStep: 1) { target, tap in
      let distance = target + padding - tap * dilation
      guard distance >= 0, distance % stride == 0 else { return nil }
      return distance / stride < outputCount ? distance / stride : nil
    }
  }

  /// The outputs for which a tap lies inside the image.
  package func outputs(of tap: Int) -> Range<Int> {
    let offset = padding - tap * dilation
    let first = min(max(0, (offset + stride - 1) / stride), outputCount)
    let last = offset + inputCount - 1
    return last < 0 ? 0..<0 : first..<max(first, min(last / stride + 1, outputCount))
  }

  private func runs(
    targetCount: Int, targetStep: Int, sourceStep: Int, source: (Int, Int) -> Int?
  ) -> [WindowRun] {
    var result: [WindowRun] = []
    for phase in 0..<min(targetStep, targetCount) {
      var last: WindowRun?
      for target in Swift.stride(from: phase, to: targetCount, by: targetStep) {
        var run = WindowRun(target: target, targetStep: targetStep, sourceStep: sourceStep)
        for tap in 0..<kernel {
          guard let place = source(target, tap) else { continue }
          if run.tapCount == 0 { (run.tap, run.source) = (tap, place) }
          if run.tapCount == 1 {
            (run.tapStep, run.sourceTapStep) = (tap - run.tap, place - run.source)
          }
          run.tapCount += 1
        }
        if var longer = last, longer.continues(with: run) {
          longer.count += 1
          last = longer
        } else {
          if let last { result.append(last) }
          last = run
        }
      }
      if let last { result.append(last) }
    }
    return result
  }
}

extension WindowRun {
  fileprivate func continues(with next: WindowRun) -> Bool {
    next.tap == tap && next.tapCount == tapCount && next.tapStep == tapStep
      && next.sourceTapStep == sourceTapStep
      && (tapCount == 0 || next.source == source + count * sourceStep)
  }
}
