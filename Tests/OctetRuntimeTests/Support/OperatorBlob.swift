import OctetModel
import OctetRuntime

/// A blob of operators that have nothing to do with each other: each reads inputs of the model, or
/// constants, and writes outputs of it. Written field by field.
struct OperatorBlob {
  typealias Part = (operation: TestOperator, plan: TestOperator.Plan)

  private(set) var bytes: [UInt8] = []
  private let parts: [Part]
  private var data = ByteWriter()
  /// Parameter words; where one is an offset into the data.
  private var words: [(value: Int, isOffset: Bool)] = []

  init(_ parts: [Part], arenaByteCount: Int) {
    self.parts = parts
    // Of each part: its tensors' constants in the data, its first tensor, its first word.
    var constants: [[Int]] = []
    var firstTensors: [Int] = []
    var firstWords: [Int] = []
    var tensorCount = 0
    for (operation, _) in parts {
      firstTensors.append(tensorCount)
      firstWords.append(words.count)
      tensorCount += operation.inputs.count + operation.outputs.count
      addParameters(of: operation)
      constants.append(
        operation.inputs.map { input in
          defer { for value in input.constant ?? [] { data.u8(Int(value)) } }
          return data.bytes.count
        })
      data.align(4)
    }
    let (inputs, outputs, lists) = lists(firstTensors)
    let list = inputs + outputs + lists.flatMap { $0 }
    let operatorOffset = BlobHeader.byteCount + tensorCount * TensorRecord.byteCount
    let listOffset = operatorOffset + parts.count * OperatorRecord.byteCount
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
    for count in [tensorCount, parts.count, inputs.count, outputs.count] { writer.u16(count) }
    for count in [list.count, words.count, 4, data.bytes.count, arenaByteCount, 0] {
      writer.u32(count)
    }
    for _ in 0..<6 { writer.u32(0) }
    for index in parts.indices {
      writeTensors(index, constants: constants[index].map { $0 + dataOffset }, to: &writer)
    }
    var listIndex = inputs.count + outputs.count
    for (index, (operation, plan)) in parts.enumerated() {
      writer.u16(Int(operation.kind.rawValue))
      writer.u8(operation.inputs.count)
      writer.u8(operation.outputs.count)
      for word in [
        listIndex, firstWords[index], operation.parameters.count, plan.scratch,
        plan.scratchByteCount, 0, 0,
      ] { writer.u32(word) }
      listIndex += lists[index].count
    }
    for index in list { writer.u16(index) }
    writer.align(4)
    for word in words { writer.u32(word.isOffset ? word.value + dataOffset : word.value) }
    writer.u32(0)
    bytes = writer.bytes + data.bytes
    bytes.repairChecksum()
  }

  private mutating func addParameters(of operation: TestOperator) {
    for parameter in operation.parameters {
      switch parameter {
      case .word(let value): words.append((value, false))
      case .bytes(let values), .halves(let values):
        words.append((data.bytes.count, true))
        if case .halves = parameter {
          for pair in values.packedInHalves { data.u8(Int(pair)) }
        } else {
          for value in values { data.u8(Int(value)) }
        }
        for _ in 0..<BlobLimits.overreadByteCount { data.u8(0) }
        data.align(4)
      case .words(let values):
        words.append((data.bytes.count, true))
        for value in values { data.u32(Int(value)) }
      }
    }
  }

  /// The model's inputs and outputs, and the operands of each part.
  private func lists(_ firstTensors: [Int]) -> ([Int], [Int], [[Int]]) {
    var (inputs, outputs, lists): ([Int], [Int], [[Int]]) = ([], [], [])
    for (first, (operation, _)) in zip(firstTensors, parts) {
      let arenaInputs = operation.inputs.indices.filter { operation.inputs[$0].constant == nil }
      inputs += arenaInputs.map { first + $0 }
      let end = first + operation.inputs.count + operation.outputs.count
      outputs += Array(first + operation.inputs.count..<end)
      lists.append(Array(first..<end))
    }
    return (inputs, outputs, lists)
  }

  private func writeTensors(_ part: Int, constants: [Int], to writer: inout ByteWriter) {
    let (operation, plan) = parts[part]
    for (index, tensor) in (operation.inputs + operation.outputs).enumerated() {
      let isOutput = index >= operation.inputs.count
      if isOutput {
        writer.u32(plan.outputs[index - operation.inputs.count])
      } else {
        writer.u32(tensor.constant == nil ? plan.inputs[index] : constants[index])
      }
      writer.u32(tensor.byteCount)
      for dimension in tensor.shape.dimensions { writer.u32(dimension) }
      writer.u32(Int(tensor.scale.bitPattern))
      writer.u8(tensor.zeroPoint)
      writer.u8(tensor.rank)
      writer.u8(tensor.constant == nil ? 0 : 1)
      writer.u8(tensor.isInt16 ? 1 : 0)
      writer.u16(isOutput ? part : 0)
      writer.u16(isOutput ? parts.count : part)
      writer.u32(0)
    }
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
