/// Whether a program and its model have room on a bare-metal board, and if not what lacks.
struct Fit {
  /// More than any part has, for linking what does not fit.
  static let plentyByteCount = 128 << 20

  let board: Board
  let memory: BoardMemory

  init(_ board: Board, _ memory: BoardMemory) {
    self.board = board
    self.memory = memory
  }

  /// Refuses what cannot fit however small the program is, before anything is compiled.
  func requireRoom(model: Int, arena: Int) throws(BoardError) {
    var problems: [String] = []
    if model > memory.flash.byteCount {
      problems.append(
        "the model of \(model) bytes is \(model - memory.flash.byteCount) larger than all of the "
          + "flash, \(memory.flash.byteCount) bytes. \(Self.flashRemedy(model))")
    }
    if arena > memory.ram.byteCount {
      problems.append(
        "the arena of \(arena) bytes is \(arena - memory.ram.byteCount) larger than all of the "
          + "RAM, \(memory.ram.byteCount) bytes. \(Self.ramRemedy(arena))")
    }
    try refuse(problems)
  }

  /// Refuses a linked image that needs more than there is.
  ///
  /// - Parameter image: linked with this memory's addresses, and with lengths that sufficed.
  func require(
    _ image: FirmwareImage, stack: Int, arena: Int, model: Int
  ) throws(BoardError) {
    guard let limit = image.symbol("link_stack_limit"), image.symbol("link_stack_top") != nil else {
      throw .stackUnknown("the linker script does not say where it lies")
    }
    let variables = limit.address - memory.ram.origin
    let flash = image.flashByteCount(from: memory.flash.origin, below: memory.ram.origin)
    var problems: [String] = []
    if flash > memory.flash.byteCount {
      problems.append(
        "\(flash) bytes of flash are needed (model \(model), program \(flash - model)), "
          + "\(flash - memory.flash.byteCount) more than its \(memory.flash.byteCount). "
          + Self.flashRemedy(flash, limit: memory.flash.byteCount - (flash - model)))
    }
    // The stack starts at a multiple of eight.
    let ram = (variables + stack + 7) & ~7
    if ram > memory.ram.byteCount & ~7 {
      problems.append(
        "\(ram) bytes of RAM are needed (arena \(arena), stack up to \(stack), variables "
          + "\(variables - arena)), \(ram - memory.ram.byteCount) more than its "
          + "\(memory.ram.byteCount). "
          + Self.ramRemedy(ram, limit: memory.ram.byteCount - (ram - arena)))
    }
    try refuse(problems)
  }

  private func refuse(_ problems: [String]) throws(BoardError) {
    guard problems.isEmpty else {
      throw .doesNotFit(board: board.name, problem: problems.joined(separator: "; "))
    }
  }

  private static func flashRemedy(_ needed: Int, limit: Int = 0) -> String {
    let smaller = limit > 0 ? "A model of at most \(limit) bytes fits, or a" : "A"
    return "\(smaller) part with more: --flash \(needed), or another board"
  }

  private static func ramRemedy(_ needed: Int, limit: Int = 0) -> String {
    // Arenas are multiples of 16.
    let arena = limit & ~15
    let smaller = limit >= 16 ? "An arena of at most \(arena) bytes fits (--max-arena), or a" : "A"
    return "\(smaller) part with more: --ram \(needed), or another board"
  }
}

extension FirmwareImage {
  /// From the first address of flash to the end of what is in it, with the values that variables
  /// start with.
  ///
  /// - Parameter ram: the first address of RAM, which may lie below or above.
  func flashByteCount(from flash: Int, below ram: Int) -> Int {
    let end = sections.filter { section in
      section.isAllocated && !section.isWritable && section.address >= flash
        && (ram < flash || section.address < ram)
    }.map { $0.address + $0.byteCount }.max()
    return (end ?? flash) - flash + dataByteCount
  }
}

/// What a WebAssembly module's memory holds, by the linker's map.
struct WebAssemblySizes {
  /// Functions and constants.
  var textByteCount = 0
  var dataByteCount = 0
  var bssByteCount = 0

  /// - Parameter linkerMap: of wasm-ld; its rows are address, offset, size, and what it is.
  init(linkerMap: String) {
    for line in linkerMap.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 4, let size = Int(words[2], radix: 16) else { continue }
      switch words[3] {
      case "CODE": textByteCount += size
      // Two numbers of up to five bytes each stand before a segment in the file; its size counts.
      case ".rodata": textByteCount += size
      case ".data": dataByteCount += size
      case ".bss": bssByteCount += size
      default: break
      }
    }
  }
}
