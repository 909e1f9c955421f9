/// The board's end of the line on which `octet diff` looks at a model: its bytes, the arena, and
/// every operator as it runs. The article "Boards" gives the protocol.
///
/// Bytes come in one at a time, so that a loop, an interrupt or a file can feed them, and answers
/// go out as they arise. Nothing but the model's inputs is written at the host's wish, and nothing
/// outside the blob and the arena can be read. A blob that was refused can be looked at too.
@safe package struct DiffServer {
  // Safety: whoever makes one keeps both memories alive, and the arena to it; every offset is
  // checked against their sizes before it is used.
  private let blob: UnsafeRawBufferPointer
  private let arena: UnsafeMutableRawBufferPointer
  private let state: SessionState?
  /// Why there is no state: an error's number, and the byte or the bytes that it names.
  package let errorCode: UInt8
  package let errorDetail: Int
  private let inputByteCount: Int
  private var request = Request()
  private var checksum = Checksum()
  private var pending = [64 of UInt8](repeating: 0)
  private var pendingCount = 0

  /// What the host may ask for: small letters give bytes, their capitals a checksum.
  package enum Command {
    package static let hello: UInt8 = 0x48  // H
    package static let input: UInt8 = 0x49  // I
    package static let run: UInt8 = 0x52  // R
    package static let blobBytes: UInt8 = 0x62  // b
    package static let blobChecksum: UInt8 = 0x42  // B
    package static let arenaBytes: UInt8 = 0x61  // a
    package static let arenaChecksum: UInt8 = 0x41  // A
    /// Answers have this bit besides.
    package static let answer: UInt8 = 0x80
  }

  /// How a request went.
  package enum Status: UInt8 {
    case done = 0
    /// Bytes were lost or changed on the way; nothing was done.
    case damaged = 1
    case unknown = 2
    case outOfRange = 3
    case notOpen = 4
  }

  /// The bytes of RFC 1055 (SLIP), which frame requests and answers.
  package enum Framing {
    package static let end: UInt8 = 0xC0
    package static let escape: UInt8 = 0xDB
    package static let escapedEnd: UInt8 = 0xDC
    package static let escapedEscape: UInt8 = 0xDD
  }

  package static let protocolVersion = 1
  /// OCTET_VERSION of octet.h.
  package static let libraryVersion = 100
  /// Command, number, offset and count; the offset and the count as 32 bits.
  package static let headerByteCount = 10

  /// Opens the blob as a session would; an error is told to whoever asks.
  package init(blob: UnsafeRawBufferPointer, arena: UnsafeMutableRawBufferPointer) {
    unsafe self.blob = blob
    unsafe self.arena = arena
    var state: SessionState?
    var (code, detail) = (UInt8(0), 0)
    do throws(ModelError) {
      let view = try unsafe BlobView(validating: blob)
      do throws(SessionError) {
        state = try unsafe SessionState(view, arena: arena)
      } catch {
        (code, detail) = (error.errorCode.rawValue, error.detail)
      }
    } catch {
      (code, detail) = (error.cause.rawValue, error.offset)
    }
    self.state = state
    (errorCode, errorDetail) = (code, detail)
    var count = 0
    if let state {
      for index in 0..<state.blob.inputCount { count &+= state.blob.input(index).byteCount }
    }
    inputByteCount = count
  }

  /// A request as it comes in.
  private struct Request {
    var header = [10 of UInt8](repeating: 0)
    var byteCount = 0
    var isEscaped = false
    var isDamaged = false
    var checksum = Checksum()
    var expectedChecksum: UInt32 = 0

    var command: UInt8 { header[0] }
    var number: UInt8 { header[1] }
    var offset: Int { word(2) }
    var count: Int { word(6) }
    /// The bytes between the header and the checksum.
    var payloadByteCount: Int { command == Command.input ? count : 0 }

    // 31 bits: a count that does not fit an `Int` of 32 is out of any range.
    private func word(_ position: Int) -> Int {
      var value: UInt32 = 0
      for index in 0..<4 { value |= UInt32(header[position &+ index]) &<< UInt32(8 &* index) }
      return Int(min(value, 0x7FFF_FFFF))
    }
  }

  /// Takes a byte of the line; at the end of a request does what it says.
  ///
  /// - Parameter write: takes the bytes of the answer. Of a run it is called after each operator.
  package mutating func receive(_ byte: UInt8, _ write: (Span<UInt8>) -> Void) {
    switch byte {
    case Framing.end:
      // Two ends in a row, and the first after noise, are none.
      if request.byteCount > 0 || request.isDamaged { answer(write) }
      request = Request()
    case Framing.escape:
      if request.isEscaped { request.isDamaged = true }
      request.isEscaped = true
    default:
      guard request.isEscaped else { return take(byte) }
      request.isEscaped = false
      switch byte {
      case Framing.escapedEnd: take(Framing.end)
      case Framing.escapedEscape: take(Framing.escape)
      default: request.isDamaged = true
      }
    }
  }

  private mutating func take(_ byte: UInt8) {
    let position = request.byteCount
    let payloadEnd = Self.headerByteCount &+ request.payloadByteCount
    if position < Self.headerByteCount {
      request.header[position] = byte
      request.checksum.update(byte)
    } else if position < payloadEnd {
      request.checksum.update(byte)
      // A damaged request may write a wrong value; the host sends all inputs again.
      writeInput(request.offset, position &- Self.headerByteCount, byte)
    } else if position < payloadEnd &+ 4 {
      request.expectedChecksum |= UInt32(byte) &<< UInt32(8 &* (position &- payloadEnd))
    } else {
      request.isDamaged = true
      return
    }
    request.byteCount = position &+ 1
  }

  /// Byte `offset + position` of all inputs, end to end; none outside.
  private func writeInput(_ offset: Int, _ position: Int, _ byte: UInt8) {
    guard let state, offset <= inputByteCount, position < inputByteCount &- offset else { return }
    var place = offset &+ position
    for index in 0..<state.blob.inputCount {
      let input = unsafe state.input(index)
      if place < input.count {
        unsafe input[place] = Int8(bitPattern: byte)
        return
      }
      place &-= input.count
    }
  }

  // MARK: Answers

  private mutating func answer(_ write: (Span<UInt8>) -> Void) {
    let needed = Self.headerByteCount &+ request.payloadByteCount &+ 4
    let isWhole =
      !request.isDamaged && !request.isEscaped && request.byteCount == needed
      && request.checksum.value == request.expectedChecksum
    let status = isWhole ? check() : .damaged
    begin(status, write)
    if status == .done { perform(write) }
    finish(write)
  }

  /// Whether the request can be done.
  private func check() -> Status {
    let limit: Int
    switch request.command {
    case Command.hello: return .done
    case Command.input, Command.run:
      guard let state else { return .notOpen }
      limit = request.command == Command.run ? state.blob.operatorCount : inputByteCount
    case Command.blobBytes, Command.blobChecksum: limit = unsafe blob.count
    case Command.arenaBytes, Command.arenaChecksum: limit = unsafe arena.count
    default: return .unknown
    }
    let isInside = request.offset <= limit && request.count <= limit &- request.offset
    return isInside ? .done : .outOfRange
  }

  private mutating func perform(_ write: (Span<UInt8>) -> Void) {
    let range = request.offset..<request.offset &+ request.count
    switch request.command {
    case Command.hello: hello(write)
    case Command.run: run(range, write)
    case Command.blobBytes: for index in range { put(unsafe blob[index], write) }
    case Command.arenaBytes: for index in range { put(unsafe arena[index], write) }
    case Command.blobChecksum, Command.arenaChecksum:
      let region =
        request.command == Command.blobChecksum ? unsafe blob : unsafe UnsafeRawBufferPointer(arena)
      var checksum = Checksum()
      for index in range { checksum.update(unsafe region[index]) }
      put(checksum.value, write)
    default: break
    }
  }

  /// What the board is: 13 words.
  private mutating func hello(_ write: (Span<UInt8>) -> Void) {
    var local: UInt32 = 0
    let stack = unsafe withUnsafeMutablePointer(to: &local) { UInt(bitPattern: $0) }
    put(UInt32(Self.protocolVersion), write)
    put(UInt32(Self.libraryVersion), write)
    put(UInt32(BlobHeader.versionValue), write)
    put(UInt32(errorCode), write)
    put(UInt32(truncatingIfNeeded: errorDetail), write)
    put(UInt32(truncatingIfNeeded: unsafe UInt(bitPattern: blob.baseAddress)), write)
    put(UInt32(truncatingIfNeeded: unsafe blob.count), write)
    put(UInt32(truncatingIfNeeded: unsafe UInt(bitPattern: arena.baseAddress)), write)
    put(UInt32(truncatingIfNeeded: unsafe arena.count), write)
    put(UInt32(truncatingIfNeeded: stack), write)
    put(UInt32(truncatingIfNeeded: state?.blob.operatorCount ?? 0), write)
    put(UInt32(truncatingIfNeeded: inputByteCount), write)
    put(UInt32(state?.backend.rawValue ?? 0), write)
  }

  /// Runs operators: of each the checksum of what it reads before, of what it made after.
  private mutating func run(_ range: Range<Int>, _ write: (Span<UInt8>) -> Void) {
    guard let state else { return }
    for index in range {
      let view = state.blob.operator(index)
      var inputs = Checksum()
      for operand in 0..<view.inputCount where !view.input(operand).isConstant {
        let values = unsafe state.elements(of: view.input(operand))
        if let base = values.baseAddress { unsafe inputs.update(base, count: values.count) }
      }
      state.runOperator(index)
      put(inputs.value, write)
      put(state.outputChecksum(of: index), write)
      // The host sees that the board is at work.
      flush(write)
    }
  }

  // MARK: Bytes

  private mutating func begin(_ status: Status, _ write: (Span<UInt8>) -> Void) {
    checksum = Checksum()
    emit(Framing.end, write)
    put(request.command | Command.answer, write)
    put(request.number, write)
    put(status.rawValue, write)
  }

  private mutating func finish(_ write: (Span<UInt8>) -> Void) {
    put(checksum.value, write)
    emit(Framing.end, write)
    flush(write)
  }

  private mutating func put(_ word: UInt32, _ write: (Span<UInt8>) -> Void) {
    for index in 0..<4 {
      put(UInt8(truncatingIfNeeded: word &>> UInt32(8 &* index)), write)
    }
  }

  private mutating func put(_ byte: UInt8, _ write: (Span<UInt8>) -> Void) {
    checksum.update(byte)
    switch byte {
    case Framing.end:
      emit(Framing.escape, write)
      emit(Framing.escapedEnd, write)
    case Framing.escape:
      emit(Framing.escape, write)
      emit(Framing.escapedEscape, write)
    default: emit(byte, write)
    }
  }

  private mutating func emit(_ byte: UInt8, _ write: (Span<UInt8>) -> Void) {
    pending[pendingCount] = byte
    pendingCount &+= 1
    if pendingCount == pending.count { flush(write) }
  }

  private mutating func flush(_ write: (Span<UInt8>) -> Void) {
    let count = pendingCount
    pendingCount = 0
    guard count > 0 else { return }
    write(pending.span.extracting(0..<count))
  }
}
