import OctetRuntime

/// A line to a board that answers requests.
package protocol DiffLink: AnyObject {
  /// What a message calls it: the path of the port, or the board's name.
  var name: String { get }
  /// Whether all requests of an exchange must be there before the board starts, as in a file.
  var isBatch: Bool { get }

  /// Hands over bytes.
  func send(_ bytes: [UInt8]) throws(BoardError)

  /// What has arrived, at least a byte; empty when nothing does for so long.
  func receive(within seconds: Double) throws(BoardError) -> [UInt8]
}

/// The host's end of the protocol: sends, waits, and sends again what was lost.
package final class DiffClient {
  package let link: any DiffLink
  /// How long the line may be silent.
  private let silenceSeconds: Double
  private var number: UInt8 = 0
  private var arrived: [UInt8] = []
  /// The answer to a run that broke off in the last exchange; nil where none did.
  private(set) var brokenRun: BrokenRun?
  /// Whether nothing at all came in the last exchange.
  private(set) var wasSilent = false

  /// A run's answer that breaks off: each operator's checksums are sent when it is done, so that it
  /// says how far the board came.
  struct BrokenRun: Equatable {
    /// The place of the request in its exchange.
    var requestIndex: Int
    /// What came of the checksums.
    var payload: [UInt8]
  }

  /// How often an exchange is tried.
  private static let attemptCount = 3
  /// The most bytes of noise between two answers.
  private static let noiseLimit = 1 << 22

  package init(_ link: any DiffLink, silenceSeconds: Double) {
    self.link = link
    self.silenceSeconds = silenceSeconds
  }

  /// The payloads of the answers, one for each request.
  ///
  /// Requests belong together: where one is lost, all are sent again from the first, since what
  /// they do builds on each other.
  package func exchange(_ requests: [DiffRequest]) throws(BoardError) -> [[UInt8]] {
    var problem = Problem.silent
    var breaks: [BrokenRun?] = []
    for _ in 0..<(link.isBatch ? 1 : Self.attemptCount) {
      brokenRun = nil
      let outcome = try link.isBatch ? sendTogether(requests) : sendInTurn(requests)
      switch outcome {
      case .answers(let payloads): return payloads
      case .problem(let found):
        // That bytes came at all says more than that none came the next time.
        if case .silent = found {
          if let brokenRun { breaks.append(brokenRun) }
          continue
        }
        breaks.append(brokenRun)
        problem = found
      }
    }
    // Noise breaks an answer off at another place each time.
    brokenRun = breaks.allSatisfy { $0 == breaks.first } ? breaks.first ?? nil : nil
    if case .silent = problem { wasSilent = true } else { wasSilent = false }
    throw .line(name: link.name, problem: problem.text(seconds: silenceSeconds))
  }

  private enum Problem {
    case silent
    case damaged
    case refused(DiffRequest, UInt8)

    func text(seconds: Double) -> String {
      switch self {
      case .silent:
        "nothing answers within \(seconds.formatted(digits: 0)) s; is the board running, does it "
          + "call octet_diff_receive for every byte, and is --baud its rate?"
      case .damaged:
        "bytes are lost or changed on the way each time; is --baud the board's rate? lower it, or "
          + "mend the line"
      case .refused(let request, let status):
        "the board refuses the request '\(Character(UnicodeScalar(request.command)))' of "
          + "\(request.count) bytes at \(request.offset) (status \(status)); is its library of "
          + "this version?"
      }
    }
  }

  private enum Outcome {
    case answers([[UInt8]])
    case problem(Problem)
  }

  private func sendInTurn(_ requests: [DiffRequest]) throws(BoardError) -> Outcome {
    arrived = []
    var payloads: [[UInt8]] = []
    for (index, request) in requests.enumerated() {
      number &+= 1
      try link.send(request.bytes(number: number))
      switch try answer(to: request, number, at: index) {
      case .success(let payload): payloads.append(payload)
      case .failure(let problem): return .problem(problem)
      }
    }
    return .answers(payloads)
  }

  private func sendTogether(_ requests: [DiffRequest]) throws(BoardError) -> Outcome {
    arrived = []
    let first = number &+ 1
    for request in requests {
      number &+= 1
      try link.send(request.bytes(number: number))
    }
    var payloads: [[UInt8]] = []
    for (index, request) in requests.enumerated() {
      switch try answer(to: request, first &+ UInt8(truncatingIfNeeded: index), at: index) {
      case .success(let payload): payloads.append(payload)
      case .failure(let problem): return .problem(problem)
      }
    }
    return .answers(payloads)
  }

  /// - Parameter index: the request's place in its exchange.
  private func noteBreak(of request: DiffRequest, _ number: UInt8, at index: Int) {
    guard request.command == DiffServer.Command.run else { return }
    if arrived.isEmpty {
      // The first operator's come with the answer's head.
      brokenRun = BrokenRun(requestIndex: index, payload: [])
      return
    }
    let last = arrived.last == DiffServer.Framing.escape ? 1 : 0
    guard let frame = DiffFrame.decoded(arrived.dropLast(last)[...]), frame.count >= 3,
      frame[0] == request.command | DiffServer.Command.answer, frame[1] == number,
      frame[2] == DiffServer.Status.done.rawValue
    else { return }
    brokenRun = BrokenRun(requestIndex: index, payload: Array(frame.dropFirst(3)))
  }

  private enum Reply {
    case success([UInt8])
    case failure(Problem)
  }

  private func answer(
    to request: DiffRequest, _ number: UInt8, at index: Int
  ) throws(BoardError) -> Reply {
    var noise = 0
    while true {
      while let end = arrived.firstIndex(of: DiffServer.Framing.end) {
        let frame = DiffFrame.decoded(arrived[..<end])
        arrived.removeSubrange(...end)
        // What the board prints besides, and answers that come too late.
        guard let frame, let answer = DiffAnswer(frame) else { continue }
        if answer.status == DiffServer.Status.damaged.rawValue { return .failure(.damaged) }
        guard answer.number == number, answer.command == request.command else { continue }
        guard answer.status == DiffServer.Status.done.rawValue else {
          return .failure(.refused(request, answer.status))
        }
        return .success(answer.payload)
      }
      let bytes = try link.receive(within: silenceSeconds)
      noise += bytes.count
      if bytes.isEmpty {
        noteBreak(of: request, number, at: index)
        return .failure(noise == 0 ? .silent : .damaged)
      }
      if noise > Self.noiseLimit + 4 * request.count { return .failure(.damaged) }
      arrived += bytes
    }
  }
}
