/// How much stack a bare-metal program of a Cortex-M or of 32-bit RISC-V can use: the deepest path of calls from reset.
///
/// The compiler gives each function's frame (`.stack_sizes`), the linker keeps who names whom
/// (relocations). A call through a register may reach every function whose address is taken.
/// Interrupts are not in it: nothing of Octet enables one.
struct StackBound {
  /// What the linker is asked for beyond its usual flags.
  ///
  /// A jump by a table would look like a call through a register.
  static func linkerFlags(isARM: Bool) -> [String] {
    ["--emit-relocs", "-mllvm", "-stack-size-section"]
      + (isARM ? [] : ["-mllvm", "-min-jump-table-entries=1000000"])
  }
  static let compilerFlags = ["-fstack-size-section"]

  private struct Function {
    var name: String
    var frameByteCount: Int?
    var callees: Set<Int> = []
    var callsThroughRegister = false
  }

  /// Functions by their address, without the bit that marks Thumb code.
  private var functions: [Int: Function] = [:]
  private var addressesTaken: Set<Int> = []

  /// The relocations of an architecture that are calls, and those that are jumps.
  private struct RelocationTypes {
    var calls: Set<Int>
    var jumps: Set<Int>

    /// R_ARM_THM_CALL; R_ARM_THM_JUMP24, _JUMP19, _JUMP11
    static let thumb = Self(calls: [10], jumps: [30, 51, 102])
    /// R_RISCV_CALL, _CALL_PLT; R_RISCV_BRANCH, _JAL, _RVC_BRANCH, _RVC_JUMP
    static let riscv = Self(calls: [18, 19], jumps: [16, 17, 44, 45])
  }

  init(_ image: FirmwareImage) throws(BoardError) {
    let isRISCV = image.machine == 243
    let types = isRISCV ? RelocationTypes.riscv : .thumb
    let frames = try Self.frames(image)
    var ends: [(start: Int, end: Int)] = []
    for symbol in image.allSymbols where symbol.isFunction {
      let address = symbol.address & ~1
      functions[address] = Function(name: symbol.name, frameByteCount: frames[address])
      ends.append((address, address + symbol.byteCount))
    }
    ends.sort { $0.start < $1.start }
    func owner(_ address: Int) -> Int? {
      var (low, high) = (0, ends.count)
      while low < high {
        let middle = (low + high) / 2
        if ends[middle].start <= address { low = middle + 1 } else { high = middle }
      }
      return low > 0 && address < ends[low - 1].end ? ends[low - 1].start : nil
    }
    let vectors = image.symbol("vectors")
    for relocation in image.relocations {
      guard image.allSymbols.indices.contains(relocation.symbolIndex) else { continue }
      let symbol = image.allSymbols[relocation.symbolIndex]
      let target = symbol.address & ~1
      guard symbol.isFunction, functions[target] != nil else { continue }
      let isCall = types.calls.contains(relocation.type)
      if isCall || types.jumps.contains(relocation.type) {
        // A jump to its own start is a loop, or gives the frame back first.
        guard let caller = owner(relocation.address),
          caller != target || isCall
        else { continue }
        functions[caller]?.callees.insert(target)
      } else if !(vectors.map { $0.contains(relocation.address) } ?? false) {
        addressesTaken.insert(target)
      }
    }
    let callSites = Set(
      image.relocations.filter { types.calls.contains($0.type) }.map(\.address))
    let throughRegisters =
      isRISCV
      ? image.riscvCallsThroughRegisters(except: callSites) : ThumbCode(image).callsThroughRegisters
    for address in throughRegisters {
      if let caller = owner(address) { functions[caller]?.callsThroughRegister = true }
    }
  }

  /// The bytes that calls from the function `name` on can use.
  func byteCount(from name: String) throws(BoardError) -> Int {
    guard let start = functions.first(where: { $0.value.name == name })?.key else {
      throw .stackUnknown("there is no function '\(name)'")
    }
    var depths: [Int: Int] = [:]
    return try depth(start, &depths, path: [])
  }

  private func depth(
    _ address: Int, _ depths: inout [Int: Int], path: [Int]
  ) throws(BoardError) -> Int {
    if let known = depths[address] { return known }
    guard let function = functions[address] else { return 0 }
    guard !path.contains(address) else {
      throw .stackUnknown("'\(function.name)' calls itself")
    }
    guard let frame = function.frameByteCount else {
      throw .stackUnknown("the frame of '\(function.name)' has no fixed size")
    }
    let callees =
      function.callsThroughRegister
      ? function.callees.union(addressesTaken) : function.callees
    var deepest = 0
    for callee in callees.sorted() {
      deepest = max(deepest, try depth(callee, &depths, path: path + [address]))
    }
    depths[address] = frame + deepest
    return frame + deepest
  }

  /// Address and frame of each function: a word and a ULEB128 number (LLVM's `.stack_sizes`).
  private static func frames(_ image: FirmwareImage) throws(BoardError) -> [Int: Int] {
    var frames: [Int: Int] = [:]
    for section in image.sections where section.name == ".stack_sizes" {
      var bytes = image.bytes(of: section)
      while bytes.count > 4 {
        let address = bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        bytes = bytes.dropFirst(4)
        var (size, shift) = (0, 0)
        while let byte = bytes.popFirst(), shift < 32 {
          size |= Int(byte & 0x7F) << shift
          shift += 7
          if byte < 0x80 { break }
        }
        frames[address & ~1] = size
      }
    }
    return frames
  }
}

extension FirmwareImage.Symbol {
  fileprivate func contains(_ other: Int) -> Bool {
    (address..<address + byteCount).contains(other)
  }
}

extension FirmwareImage {
  /// Where RISC-V code jumps to an address in a register, but to return (unprivileged ISA, 2.5 and
  /// 27.8).
  ///
  /// - Parameter callSites: of calls to a symbol, whose second instruction looks the same.
  fileprivate func riscvCallsThroughRegisters(except callSites: Set<Int>) -> [Int] {
    var addresses: [Int] = []
    for (index, section) in sections.enumerated() where section.isExecutable {
      let marks = allSymbols.filter { $0.sectionIndex == index && $0.isMapping }
        .map { (address: $0.address, isCode: $0.name.hasPrefix("$x")) }
        .sorted { ($0.address, $0.isCode ? 1 : 0) < ($1.address, $1.isCode ? 1 : 0) }
      let bytes = Array(bytes(of: section))
      for (position, mark) in marks.enumerated() where mark.isCode {
        let next = position + 1 < marks.count ? marks[position + 1].address : Int.max
        var at = mark.address - section.address
        let end = min(next - section.address, bytes.count)
        while at >= 0, at + 1 < end {
          let low = UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8
          let isWide = low & 3 == 3
          let returns = isWide ? low == 0x8067 : low == 0x8082
          let jumps =
            isWide
            ? low & 0x7F == 0x67 && !callSites.contains(section.address + at - 4)
            // C.JR and C.JALR
            : low & 0xE07F == 0x8002 && low & 0xF80 != 0
          if jumps, !returns { addresses.append(section.address + at) }
          at += isWide ? 4 : 2
        }
      }
    }
    return addresses
  }
}
