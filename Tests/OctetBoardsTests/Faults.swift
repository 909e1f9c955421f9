import OctetBoards
import OctetCompiler
import OctetReport
import OctetRuntime

/// Faults of LeNet on a board: of flash, of RAM, of addresses, of the library, of inputs and of
/// kernels.
struct Faults {
  let blob: Blob
  let model: LoadedModel

  init(_ blob: Blob) throws {
    self.blob = try blob.forFirmware()
    model = try self.blob.model()
  }

  func all() throws -> [Fault] {
    try flash() + overwritten() + cut() + addresses() + libraries() + arena() + inputs() + kernels()
      + unnoticed() + stops()
  }

  /// The operators that have weights.
  var weighted: [Int] {
    (0..<model.operatorCount).filter {
      [.convolution, .fullyConnected].contains(model.operator($0).kind)
    }
  }

  /// Where the operator's weights, biases, multipliers and shifts stand.
  func data(_ index: Int) -> [Int] {
    let view = model.operator(index)
    let first =
      view.kind == .convolution
      ? Convolution.Word.weights.rawValue : FullyConnected.Word.weights.rawValue
    return (0..<4).map { Int(view.parameter(first + $0)) }
  }

  // MARK: Flash

  private func flash() -> [Fault] {
    var faults: [Fault] = []
    for index in weighted {
      for (part, offset) in data(index).enumerated() {
        let byte = offset + (part == 0 ? 7 : 1)
        var fault = Fault("bit of part \(part) of operator \(index)", .damagedModel)
        fault.flash = { $0[byte] ^= 1 << 5 }
        (fault.operatorIndex, fault.blobOffset) = (index, byte)
        fault.element = part == 0 ? 7 : part == 3 ? 1 : 0
        fault.words = "bit 5 of flash"
        faults.append(fault)
      }
    }
    for (name, byte) in [
      ("the header's magic", 1), ("the header's checksum", 13), ("a tensor's record", 110),
    ] {
      var fault = Fault(name, .damagedModel)
      fault.flash = { $0[byte] ^= 1 }
      fault.blobOffset = byte
      faults.append(fault)
    }
    return faults
  }

  private func overwritten() -> [Fault] {
    weighted.map { index in
      let byte = data(index)[1] + 2
      var fault = Fault("biases of operator \(index) written while it runs", .damagedModel)
      fault.memory = { before, _, blob in if before == index { blob[byte] = 0x40 } }
      (fault.operatorIndex, fault.blobOffset, fault.element) = (index, byte, 0)
      fault.words = "though it was right before"
      return fault
    }
  }

  private func cut() -> [Fault] {
    let starts = weighted.prefix(3).map { data($0)[0] + 20 }
    var faults = starts.map { start in
      var fault = Fault("cut off at \(start)", .truncatedModel)
      fault.flash = { $0.removeSubrange(start...) }
      fault.blobOffset = start
      return fault
    }
    for (start, value) in zip(starts, [0xFF, 0xFF, 0] as [UInt8]) {
      var fault = Fault("erased from \(start) on", .truncatedModel)
      fault.flash = { bytes in for index in start..<bytes.count { bytes[index] = value } }
      // What is the same as erased flash there is not missed.
      fault.blobOffset = (start..<blob.count).first { blob.bytes[$0] != value }
      faults.append(fault)
    }
    for word in [2, 4] {
      var fault = Fault("words of \(word) bytes reversed", .damagedModel)
      fault.flash = { bytes in
        for index in stride(from: 0, to: bytes.count - word + 1, by: word) {
          bytes[index..<index + word].reverse()
        }
      }
      (fault.blobOffset, fault.words) = (0, "endianness")
      faults.append(fault)
    }
    let place = data(weighted[1])[0] + 40
    var lost = Fault("a byte lost in flash", .damagedModel)
    lost.flash = { bytes in
      bytes.remove(at: place)
      bytes.append(0)
    }
    (lost.operatorIndex, lost.words) = (weighted[1], "bytes were lost")
    faults.append(lost)
    return faults
  }

  private func addresses() -> [Fault] {
    var faults: [Fault] = []
    for shift in [1, 2] {
      var fault = Fault("blob at an odd address", .misaligned)
      (fault.blobShift, fault.words) = (shift, "the blob is at address")
      faults.append(fault)
      fault = Fault("arena at an odd address", .misaligned)
      (fault.arenaShift, fault.words) = (shift, "the arena is at address")
      faults.append(fault)
    }
    var fault = Fault("arena too small", .refused)
    (fault.arenaLack, fault.words) = (4, "are needed")
    return faults + [fault]
  }

  private func libraries() throws -> [Fault] {
    let other = try LeNet.perceptron().forFirmware().bytes
    var model = Fault("another model", .otherModel)
    model.flash = { $0 = other }
    // Same shapes, another training.
    var retrained = blob.bytes
    retrained[data(weighted[0])[0]] ^= 2
    retrained.putChecksum()
    var training = Fault("the same network of another training", .otherModel)
    training.flash = { [retrained] in $0 = retrained }
    var old = Fault("a library without an operator", .oldLibrary)
    old.hello = [
      1: 90, 3: UInt32(ModelError.Cause.operatorNotLinked.rawValue),
      4: UInt32(self.model.operator(2).offset),
    ]
    (old.operatorIndex, old.words) = (2, "0.0.90")
    var format = Fault("a library of an older format", .oldLibrary)
    format.hello = [1: 80, 2: 2, 3: UInt32(ModelError.Cause.version.rawValue), 4: 4]
    format.words = "0.0.80"
    return [model, training, old, format]
  }

  // MARK: RAM

  /// The first activation that the operator reads, in the arena.
  private func input(_ index: Int) -> TensorView { model.operator(index).input(0) }

  private func arena() -> [Fault] {
    var faults: [Fault] = []
    for index in 1..<model.operatorCount {
      let tensor = input(index)
      for element in [0, tensor.elementCount / 2, tensor.elementCount - 1] {
        var fault = Fault("bit of the arena before operator \(index)", .memoryOverwritten)
        fault.memory = { before, arena, _ in
          if before == index { arena[tensor.dataOffset + element] ^= 8 }
        }
        (fault.operatorIndex, fault.element, fault.words) = (index, element, "a bit of RAM")
        faults.append(fault)
      }
      let start = max(0, tensor.elementCount - 24)
      var fault = Fault("end of the arena's part before operator \(index)", .memoryOverwritten)
      fault.memory = { before, arena, _ in
        guard before == index else { return }
        for element in start..<tensor.elementCount {
          arena[tensor.dataOffset + element] ^= UInt8(truncatingIfNeeded: 0x81 + element * 3)
        }
      }
      (fault.operatorIndex, fault.element) = (index, start)
      faults.append(fault)
    }
    // The stack, where the arena ends: of what lies there the first reader meets it.
    let end = model.arenaByteCount
    let high = (1..<model.operatorCount).first {
      input($0).dataOffset + input($0).byteCount > end - 16
    }
    if let high {
      var fault = Fault("the stack in the arena", .memoryOverwritten)
      fault.memory = { before, arena, _ in
        guard before == high else { return }
        for byte in end - 16..<end { arena[byte] = ~arena[byte] }
      }
      (fault.operatorIndex, fault.words) = (high, "arena's \(end)")
      faults.append(fault)
    }
    var once = Fault("a bit of the arena, once", .memoryOverwritten)
    let place = input(1).dataOffset + 3
    once.memory = { before, arena, _ in if before == 1 { arena[place] ^= 16 } }
    (once.runLimit, once.operatorIndex, once.words) = (1, 1, "comes and goes")
    return faults + [once]
  }

  private func inputs() -> [Fault] {
    let tensor = model.input(0)
    let range = tensor.dataOffset..<tensor.dataOffset + tensor.byteCount
    func fault(
      _ name: String, _ words: String, _ change: @escaping (inout [UInt8]) -> Void
    ) -> Fault {
      var fault = Fault(name, .inputDamaged)
      fault.memory = { before, arena, _ in
        guard before == 0 else { return }
        var bytes = Array(arena[range])
        change(&bytes)
        UnsafeMutableRawBufferPointer(rebasing: arena[range]).copyBytes(from: bytes)
      }
      (fault.operatorIndex, fault.words) = (0, words)
      return fault
    }
    var faults = [
      fault("a byte of the input lost", "bytes were lost") {
        $0.remove(at: 100)
        $0.append(0)
      },
      fault("bytes of the input twice", "bytes were lost, came twice") {
        $0.insert(contentsOf: $0[200..<204], at: 200)
        $0.removeLast(4)
      },
      fault("words of the input reversed", "reordered") { bytes in
        for index in stride(from: 0, to: bytes.count - 3, by: 4) {
          bytes[index..<index + 4].reverse()
        }
      },
      fault("an input that was never written", "") { bytes in
        for index in bytes.indices { bytes[index] = 0 }
      },
      fault("a bit of the input", "a bit of RAM") { $0[333] ^= 2 },
    ]
    (faults[0].element, faults[1].element, faults[4].element) = (100, 204, 333)
    return faults.map { fault in
      var fault = fault
      // Random bytes may be the same by chance.
      if fault.name.contains("twice") || fault.name.contains("lost") { fault.element = nil }
      return fault
    }
  }

  /// Bytes that are written over while an operator runs, where nothing of use stands: the stack
  /// where it is deepest, at the arena's end, or another buffer, at its start.
  private func unnoticed() -> [Fault] {
    let end = model.arenaByteCount
    return (0..<model.operatorCount).flatMap { index -> [Fault] in
      let view = model.operator(index)
      // Harm to what is read later, or was made just now, has its own faults.
      let used = (0..<model.operatorCount).flatMap { place -> [Range<Int>] in
        let other = model.operator(place)
        let read =
          place > index
          ? (0..<other.inputCount).map { other.input($0) }.filter { !$0.isConstant } : []
        let made = place == index ? (0..<view.outputCount).map { view.output($0) } : []
        return (read + made).map { $0.dataOffset..<$0.dataOffset + $0.byteCount }
      }
      return [0..<12, end - 12..<end].filter { range in
        !used.contains { $0.overlaps(range) }
          && !(view.scratchOffset..<view.scratchOffset + view.scratchByteCount).overlaps(range)
      }.map { range in
        var fault = Fault("bytes \(range) while operator \(index) runs", .memoryOverwritten)
        fault.memory = { before, arena, _ in
          guard before == index + 1 else { return }
          for byte in range { arena[byte] = ~arena[byte] }
        }
        (fault.operatorIndex, fault.arenaByte) = (index, range.lowerBound)
        fault.words = range.lowerBound == 0 ? "a buffer before the arena" : "the arena's \(end)"
        return fault
      }
    }
  }

  /// A program that ends, hangs or begins anew while an operator runs.
  private func stops() -> [Fault] {
    (0..<model.operatorCount).map { index in
      var fault = Fault("stops in operator \(index)", .stopped)
      (fault.stopsIn, fault.operatorIndex) = (index, index)
      return fault
    }
  }

  // MARK: Kernels

  /// A kernel that adds something to one channel: its biases are changed while it runs.
  private func kernels() -> [Fault] {
    weighted.flatMap { index in
      [0, 1, 2].map { channel in
        let byte = data(index)[1] + 4 * channel + 1
        var fault = Fault("kernel of operator \(index), channel \(channel)", .wrongResult)
        fault.memory = { before, _, blob in
          if before == index || before == index + 1 { blob[byte] ^= 0x7F }
        }
        (fault.operatorIndex, fault.channel) = (index, channel)
        return fault
      }
    }
  }
}
