import OctetCompiler
import OctetReport
import OctetRuntime

/// What `octet bench` measures: one thread, one image at a time.
public struct BenchReport: Encodable, Sendable {
  /// The kernels that were timed.
  public var backend: String
  /// Those that this machine can run.
  public var backends: [String]
  /// Multiply-adds a nanosecond that the backend's instructions do with nothing to wait for; nil
  /// when unknown.
  public var peakMacsPerNanosecond: Double?
  /// The number of inferences timed.
  public var iterations: Int
  /// The shortest inference.
  public var minNanoseconds: Double
  /// The median inference.
  public var medianNanoseconds: Double
  /// The operators in execution order, each timed by itself.
  public var operators: [Operator]

  /// The time of one operator.
  public struct Operator: Encodable, Sendable {
    /// The operator's name.
    public var name: String
    /// The operation, such as `convolution`.
    public var `operator`: String
    /// Multiply-adds of one inference.
    public var macCount: Int
    /// The median time of a run.
    public var medianNanoseconds: Double
    /// The multiply-adds a nanosecond.
    public var macsPerNanosecond: Double
  }
}

extension BenchReport {
  /// What measuring may take when the number of inferences is not given: whole, and all operators.
  private static let secondsAllowed = 5.0

  /// Times `iterations` inferences of the self-test's input after a tenth as many to warm up; when
  /// nil, 20,000, or as many as fit in some seconds.
  ///
  /// Short inferences are timed in batches, so that reading the clock costs under 1 %.
  public init(
    _ loaded: LoadedModel, backend: Backend, iterations asked: Int?
  ) throws(SessionError) {
    let runner = try loaded.makeRunner(backend: backend)
    runner.fillInputsForSelfTest()
    let once = ContinuousClock().measure { runner.run() }.inSeconds
    // A tenth more to warm up, and once more for a look.
    let fitting = Int(Self.secondsAllowed / 1.2 / max(once, 1e-9))
    let iterations = asked ?? min(20_000, max(1, fitting))
    let whole = Self.measure(iterations: iterations) { runner.run() }
    let model = loaded
    self.backend = backend.name
    backends = Backend.available.map(\.name)
    peakMacsPerNanosecond = Self.peak(of: backend)
    self.iterations = iterations
    minNanoseconds = whole.min
    medianNanoseconds = whole.median
    operators = (0..<model.operatorCount).map { index in
      let view = model.operator(index)
      let time = Self.measure(iterations: max(1, iterations / 4)) { runner.runOperator(index) }
      return Operator(
        name: view.name, operator: view.kindName, macCount: view.macCount,
        medianNanoseconds: time.median, macsPerNanosecond: Double(view.macCount) / time.median)
    }
  }

  /// The best of many short runs, so that other work on the machine does not count.
  private static func peak(of backend: Backend) -> Double? {
    let rounds = 2_000
    let macCount = backend.runPeakLoop(rounds: rounds)
    guard macCount > 0 else { return nil }
    let clock = ContinuousClock()
    var least = Double.infinity
    for _ in 0..<200 {
      let duration = clock.measure { _ = backend.runPeakLoop(rounds: rounds) }
      least = min(least, nanoseconds(duration))
    }
    return Double(macCount) / least
  }

  /// The least and the median time of a call, in nanoseconds.
  private static func measure(iterations: Int, _ body: () -> Void) -> (min: Double, median: Double)
  {
    let clock = ContinuousClock()
    for _ in 0..<max(1, iterations / 10) { body() }
    let once = nanoseconds(clock.measure { body() })
    // A reading of the clock takes some 30 ns: batches of at least 5 µs.
    let batch = max(1, min(iterations, Int(5_000 / max(once, 1))))
    var times: [Double] = []
    for _ in 0..<max(1, iterations / batch) {
      let duration = clock.measure { for _ in 0..<batch { body() } }
      times.append(nanoseconds(duration) / Double(batch))
    }
    times.sort()
    return (times[0], times[times.count / 2])
  }

  private static func nanoseconds(_ duration: Duration) -> Double { duration.inSeconds * 1e9 }
}
