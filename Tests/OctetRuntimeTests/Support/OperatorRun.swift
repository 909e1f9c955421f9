// Runs one operator alone: a blob of it, written field by field, and a session.

import OctetRuntime

struct TestTensor {
  var shape: Shape
  var scale: Float = 1
  var zeroPoint = 0
  /// The values of a constant operand; nil for one in the arena.
  var constant: [Int8]?
  /// Dimensions from the left that are left out; they must be 1.
  var rank = 4
}

/// A parameter word, or constant data whose offset is the word.
enum TestParameter {
  case word(Int)
  case bytes([Int8])
  case words([Int32])
}

struct TestOperator {
  var kind: OperatorKind
  var inputs: [TestTensor]
  var outputs: [TestTensor]
  var parameters: [TestParameter]
}

enum Placement: CaseIterable {
  /// Each tensor in memory of its own.
  case apart
  /// Input 0 as close behind output 0 as `overlapDistance` allows, if it does.
  case overlapping
}

enum RunError: Error {
  case validation(ModelError)
  case session(SessionError)
  case wroteOutside(Int)
}

extension TestOperator {
  /// The outputs for `inputs`: the values of the inputs in the arena, in order. All other memory is
  /// poisoned, and nothing but the outputs and the scratch may change.
  func run(
    _ inputs: [[Int8]], placement: Placement = .apart, backend: Backend = .portable
  ) throws -> [[Int8]] {
    let arenaInputs = self.inputs.indices.filter { self.inputs[$0].constant == nil }
    let plan = try plan(placement)
    let bytes = AlignedBytes(blob(plan))
    let model = try bytes.model()
    let arena = UnsafeMutableRawBufferPointer.allocate(
      byteCount: plan.arenaByteCount, alignment: 16)
    defer { arena.deallocate() }
    for index in arena.indices { arena[index] = UInt8(truncatingIfNeeded: index &* 37 &+ 101) }
    let workspace = UnsafeMutableRawBufferPointer.allocate(
      byteCount: model.workspaceByteCount(for: backend), alignment: 64)
    defer { workspace.deallocate() }
    for index in workspace.indices { workspace[index] = UInt8(truncatingIfNeeded: index &* 41) }
    let session = try Session(
      model: model, arena: arena, backend: backend, workspace: workspace)
    for (index, values) in inputs.enumerated() { try session.setInput(index, values.span) }
    let before = Array(arena)
    session.run()
    var mayChange = Array(repeating: false, count: arena.count)
    for (index, output) in outputs.enumerated() {
      for byte in 0..<output.shape.count { mayChange[plan.outputs[index] + byte] = true }
    }
    for byte in 0..<plan.scratchByteCount { mayChange[plan.scratch + byte] = true }
    for index in arena.indices where !mayChange[index] && arena[index] != before[index] {
      throw RunError.wroteOutside(index)
    }
    precondition(arenaInputs.count == inputs.count)
    return outputs.indices.map { Array(session.output($0)) }
  }

  /// A blob of this operator alone.
  func blob() throws -> [UInt8] { blob(try plan(.apart)) }

  /// Throws the error that makes the blob of this operator unfit.
  func validate() throws { _ = try AlignedBytes(blob(plan(.apart))).model() }

  struct Plan {
    var inputs: [Int] = []
    var outputs: [Int] = []
    var scratch = 0
    var scratchByteCount = 0
    var arenaByteCount = 0
    var overlapDistance: Int?
  }

  func plan(_ placement: Placement) throws -> Plan {
    // More scratch than any test needs, to ask how much it is.
    var generous = layOut(Plan(scratchByteCount: 1 << 20), distance: nil)
    let query = AlignedBytes(blob(generous))
    let view = try query.model().operator(0)
    generous.scratchByteCount = view.neededScratchByteCount
    let distance = placement == .overlapping ? view.overlapDistance(input: 0) : nil
    return layOut(generous, distance: distance)
  }

  /// Outputs, then inputs, then scratch, with gaps to catch stray writes; with `distance` input 0
  /// lies that far behind the start of output 0.
  private func layOut(_ old: Plan, distance: Int?) -> Plan {
    let gap = 8
    var plan = Plan(scratchByteCount: old.scratchByteCount, overlapDistance: distance)
    var end = gap
    for output in outputs {
      plan.outputs.append(end)
      end += output.shape.count + gap
    }
    for (index, input) in inputs.enumerated() {
      if index == 0, let distance {
        let start = plan.outputs[0] + distance
        plan.inputs.append(start)
        // A second output stands behind the first; nothing that overlaps has one.
        precondition(outputs.count == 1)
        end = max(end, start + input.shape.count + gap)
      } else {
        plan.inputs.append(end)
        end += input.shape.count + gap
      }
    }
    plan.scratch = (end + 15) & ~15
    plan.arenaByteCount = plan.scratch + plan.scratchByteCount + gap
    return plan
  }

  func blob(_ plan: Plan) -> [UInt8] {
    var data = ByteWriter()
    var words: [(value: Int, isOffset: Bool)] = []
    for parameter in parameters {
      switch parameter {
      case .word(let value): words.append((value, false))
      case .bytes(let values):
        words.append((data.bytes.count, true))
        for value in values { data.u8(Int(value)) }
        for _ in 0..<BlobLimits.overreadByteCount { data.u8(0) }
        data.align(4)
      case .words(let values):
        words.append((data.bytes.count, true))
        for value in values { data.u32(Int(value)) }
      }
    }
    let constants = inputs.map { input in
      defer { if let values = input.constant { for value in values { data.u8(Int(value)) } } }
      return data.bytes.count
    }
    let arenaInputs = inputs.indices.filter { inputs[$0].constant == nil }
    let tensorCount = inputs.count + outputs.count
    let list = arenaInputs + Array(inputs.count..<tensorCount) + Array(0..<tensorCount)
    let operatorOffset = BlobHeader.byteCount + tensorCount * TensorRecord.byteCount
    let listOffset = operatorOffset + OperatorRecord.byteCount
    let parameterOffset = (listOffset + 2 * list.count + 3) & ~3
    let stringOffset = parameterOffset + 4 * words.count
    let dataOffset = stringOffset + 4
    var writer = ByteWriter()
    writer.u32(Int(BlobHeader.magicValue))
    writer.u16(Int(BlobHeader.versionValue))
    writer.u16(BlobHeader.byteCount)
    writer.u32(dataOffset + data.bytes.count)
    writer.u32(0)
    for offset in [
      BlobHeader.byteCount, operatorOffset, listOffset, parameterOffset, stringOffset, dataOffset,
    ] { writer.u32(offset) }
    for count in [tensorCount, 1, arenaInputs.count, outputs.count] { writer.u16(count) }
    for count in [list.count, words.count, 4, data.bytes.count, plan.arenaByteCount, 0] {
      writer.u32(count)
    }
    for _ in 0..<6 { writer.u32(0) }
    writeTensors(plan, constants: constants.map { $0 + dataOffset }, to: &writer)
    writer.u16(Int(kind.rawValue))
    writer.u8(inputs.count)
    writer.u8(outputs.count)
    for word in [
      arenaInputs.count + outputs.count, 0, words.count, plan.scratch, plan.scratchByteCount, 0, 0,
    ] { writer.u32(word) }
    for index in list { writer.u16(index) }
    writer.align(4)
    for word in words { writer.u32(word.isOffset ? word.value + dataOffset : word.value) }
    writer.u32(0)
    return checksummed(writer.bytes + data.bytes)
  }

  private func writeTensors(_ plan: Plan, constants: [Int], to writer: inout ByteWriter) {
    for (index, tensor) in (inputs + outputs).enumerated() {
      let isOutput = index >= inputs.count
      if isOutput {
        writer.u32(plan.outputs[index - inputs.count])
      } else {
        writer.u32(tensor.constant == nil ? plan.inputs[index] : constants[index])
      }
      writer.u32(tensor.shape.count)
      for dimension in tensor.shape.dimensions { writer.u32(dimension) }
      writer.u32(Int(tensor.scale.bitPattern))
      writer.u8(tensor.zeroPoint)
      writer.u8(tensor.rank)
      writer.u8(tensor.constant == nil ? 0 : 1)
      writer.u8(0)
      writer.u16(0)
      writer.u16(isOutput ? 1 : 0)
      writer.u32(0)
    }
  }

  private func checksummed(_ blob: [UInt8]) -> [UInt8] {
    var bytes = blob
    var crc = Checksum()
    bytes.withUnsafeBytes { crc.update($0.baseAddress!, count: $0.count) }
    for index in 0..<4 {
      bytes[BlobHeader.checksum + index] = UInt8(
        truncatingIfNeeded: crc.value >> (8 * UInt32(index)))
    }
    return bytes
  }
}

private struct ByteWriter {
  var bytes: [UInt8] = []
  mutating func u8(_ value: Int) { bytes.append(UInt8(truncatingIfNeeded: value)) }
  mutating func u16(_ value: Int) {
    u8(value)
    u8(value >> 8)
  }
  mutating func u32(_ value: Int) {
    u16(value)
    u16(value >> 16)
  }
  mutating func align(_ multiple: Int) { while bytes.count % multiple != 0 { u8(0) } }
}

/// Bytes at a 16-aligned address, exactly as many as they are.
final class AlignedBytes {
  let buffer: UnsafeMutableRawBufferPointer

  init(_ bytes: [UInt8]) {
    buffer = .allocate(byteCount: bytes.count, alignment: 16)
    buffer.copyBytes(from: bytes)
  }

  deinit { buffer.deallocate() }

  /// Valid while this object lives.
  func model() throws -> Model {
    try withExtendedLifetime(self) { try Model(validating: UnsafeRawBufferPointer(buffer)) }
  }
}
