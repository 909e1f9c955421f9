import OctetBoards
import OctetCompiler
import OctetReport
import OctetRuntime

/// A board in this process, with a fault: the board's end of the protocol over memory that a fault
/// can reach before, between and after operators.
final class FaultyBoard: DiffLink {
  let name = "the faulty board"
  let isBatch = false
  let fault: Fault
  private let blob: UnsafeMutableRawBufferPointer
  private let arena: UnsafeMutableRawBufferPointer
  private var server: DiffServer
  private var answers: [UInt8] = []
  private var runCount = 0
  private var hasStopped = false

  init(_ blob: Blob, _ fault: Fault) throws {
    self.fault = fault
    var bytes = blob.bytes
    fault.flash(&bytes)
    let needed = try blob.model().arenaByteCount
    self.blob = .allocate(byteCount: bytes.count + 64, alignment: 64)
    arena = .allocate(byteCount: needed + 64, alignment: 64)
    _ = arena.initializeMemory(as: UInt8.self, repeating: 0x5A)
    let region = UnsafeMutableRawBufferPointer(
      rebasing: self.blob[fault.blobShift..<fault.blobShift + bytes.count])
    region.copyBytes(from: bytes)
    server = DiffServer(
      blob: UnsafeRawBufferPointer(region),
      arena: UnsafeMutableRawBufferPointer(
        rebasing: arena[fault.arenaShift..<fault.arenaShift + needed - fault.arenaLack]))
  }

  deinit {
    blob.deallocate()
    arena.deallocate()
  }

  func send(_ bytes: [UInt8]) {
    guard !hasStopped else { return }
    let isRun = bytes[1] == DiffServer.Command.run
    var (next, end) = (0, 0)
    if isRun, let frame = DiffFrame.decoded(bytes.dropFirst().dropLast()[...]), frame.count > 9 {
      next = Int(frame[2]) | Int(frame[3]) << 8
      end = next + Int(frame[6]) + Int(frame[7]) << 8
      // What a fault does before later operators follows those before them.
      if next == 0 {
        runCount += 1
        inject(before: 0)
      }
    }
    for byte in bytes {
      server.receive(byte) { sent in
        hasStopped = hasStopped || next < end && fault.stopsIn.map { next >= $0 } == true
        if hasStopped { return }
        for index in sent.indices { answers.append(sent[index]) }
        // The answer's end is sent by itself.
        guard next < end else { return }
        next += 1
        inject(before: next)
      }
    }
    if bytes[1] == DiffServer.Command.hello, !fault.hello.isEmpty { answers = patched(answers) }
  }

  private func inject(before index: Int) {
    guard runCount <= fault.runLimit else { return }
    fault.memory(index, arena, blob)
  }

  /// What a board of another library would greet with.
  private func patched(_ answer: [UInt8]) -> [UInt8] {
    guard var frame = DiffFrame.decoded(answer.dropFirst().dropLast()[...]) else { return answer }
    for (word, value) in fault.hello {
      frame.replaceSubrange(3 + 4 * word..<7 + 4 * word, with: Self.bytes(value))
    }
    frame.removeLast(4)
    return DiffFrame.encoded(frame + Self.bytes(Checksum.value(of: frame)))
  }

  private static func bytes(_ word: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
  }

  func receive(within seconds: Double) -> [UInt8] {
    defer { answers = [] }
    return answers
  }
}

/// Something that is wrong with a board.
struct Fault {
  typealias Memory = UnsafeMutableRawBufferPointer

  var name: String
  /// Changes the blob as it was written.
  var flash: (inout [UInt8]) -> Void = { _ in }
  /// Changes the arena or the blob before an operator runs.
  var memory: (_ before: Int, _ arena: Memory, _ blob: Memory) -> Void = { _, _, _ in }
  /// The operator in which the program ends.
  var stopsIn: Int?
  /// Runs in which `memory` is changed.
  var runLimit = Int.max
  /// Bytes that an address is off.
  var blobShift = 0
  var arenaShift = 0
  var arenaLack = 0
  /// Words of the greeting.
  var hello: [Int: UInt32] = [:]

  var kind: BoardFinding.Kind
  var operatorIndex: Int?
  /// The element of the tensor, of the weights or of their biases.
  var element: Int?
  /// The channel of the first wrong element: in a pixel that was at an end already, the sum may
  /// change without the code.
  var channel: Int?
  var blobOffset: Int?
  /// The first byte of the arena that is written over.
  var arenaByte: Int?
  /// Words that a reason or the summary has.
  var words = ""

  init(_ name: String, _ kind: BoardFinding.Kind) {
    self.name = name
    self.kind = kind
  }

  /// What the comparison found is this fault.
  func matches(_ finding: BoardFinding) -> Bool {
    let foundElement = finding.element ?? finding.difference?.firstElement
    let text = ([finding.summary] + finding.reasons).joined(separator: " ")
    return finding.kind == kind && (operatorIndex == nil || finding.operatorIndex == operatorIndex)
      && (element == nil || foundElement == element)
      && (channel == nil || finding.difference?.position.last == channel)
      && (blobOffset == nil || finding.blobOffset == blobOffset)
      && (arenaByte == nil || finding.arenaRange?.first == arenaByte)
      && (words.isEmpty || text.contains(words))
  }
}
