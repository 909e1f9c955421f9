import Run

/// What went wrong, as a sentence, and the status to end with.
struct Failure: Error {
  enum Status: Int32 {
    case selfTest = 1
    case usage = 64
    case badData = 65
    case noInput = 66
    case cannotCreate = 73
    case inputOutput = 74
  }

  var status: Status
  var text: String

  init(_ status: Status, _ text: String) {
    self.status = status
    self.text = text
  }

  /// - Parameter error: a negated error number of the kernel.
  init(_ status: Status, _ doing: String, _ path: String, _ error: Int) {
    self.init(status, doing + " '" + path + "': " + (unsafe String(cString: run_meaning(error))))
  }
}

/// The arguments of octet-run.
struct Options {
  /// Where inputs come from.
  enum Source {
    case pictures([String])
    /// Pixels without a header, one frame after the other.
    case frames(String, FrameFormat, width: Int, height: Int)
    /// The model's own int8 codes, one sample after the other.
    case raw(String)
    /// A size of 0: as the driver has it.
    case camera(String, width: Int, height: Int)
    case selfTest
  }

  var model = ""
  var source = Source.selfTest
  var rawOutput: String?
  var isJSON = false
  var isInverted = false
  var top = 1
  /// The most samples that are run.
  var count = Int.max

  static let usage: StaticString = """
    usage: octet-run MODEL PICTURE…                         PNG, PGM, PPM, BMP; - is standard input
           octet-run MODEL --frames WxH:FORMAT FILE|-       pixels without a header
           octet-run MODEL --raw FILE|-                     the model's int8 codes
           octet-run MODEL --camera DEVICE [--size WxH]     Video4Linux
           octet-run MODEL --self-test

    One line for each sample: where from, class, probability, milliseconds.

      --json             one JSON object for each sample
      --top N            as many classes for each sample
      --invert           pictures are the negative of what the model learnt
      --count N          end after so many samples
      --raw-output FILE  write the outputs' int8 codes (- is standard output, without the lines)

    Formats of frames: gray, rgb, bgr, yuyv, uyvy, nv12, i420.

    """

  init(_ arguments: [String]) throws(Failure) {
    var rest: [String] = []
    var source: Source?
    var size: (Int, Int)?
    var frames: (FrameFormat, Int, Int)?
    var index = 0
    func value() throws(Failure) -> String {
      index += 1
      guard index < arguments.count else {
        throw Failure(.usage, "'" + arguments[index - 1] + "' needs a value")
      }
      return arguments[index]
    }
    func choose(_ new: Source) throws(Failure) {
      guard source == nil, frames == nil else {
        throw Failure(.usage, "give one of pictures, --frames, --raw, --camera and --self-test")
      }
      source = new
    }
    while index < arguments.count {
      let argument = arguments[index]
      switch argument.bytes {
      case "--json".bytes: isJSON = true
      case "--invert".bytes: isInverted = true
      case "--top".bytes: top = try Self.number(try value(), of: argument)
      case "--count".bytes: count = try Self.number(try value(), of: argument)
      case "--raw-output".bytes: rawOutput = try value()
      case "--self-test".bytes: try choose(.selfTest)
      case "--raw".bytes: try choose(.raw(try value()))
      case "--camera".bytes: try choose(.camera(try value(), width: 0, height: 0))
      case "--size".bytes: size = try Self.size(try value().bytes[...], of: argument)
      case "--frames".bytes:
        let text = try value()
        try choose(.selfTest)
        source = nil
        frames = try Self.frames(text)
      default:
        guard argument.bytes.first != UInt8(ascii: "-") || argument.bytes.count == 1 else {
          throw Failure(.usage, "there is no option '" + argument + "'; see --help")
        }
        rest.append(argument)
      }
      index += 1
    }
    guard !rest.isEmpty else { throw Failure(.usage, "give a model; see --help") }
    model = rest.removeFirst()
    try finish(source, frames, size, rest)
  }

  private mutating func finish(
    _ source: Source?, _ frames: (FrameFormat, Int, Int)?, _ size: (Int, Int)?, _ rest: [String]
  ) throws(Failure) {
    if let frames {
      guard rest.count == 1 else { throw Failure(.usage, "--frames needs one file, or -") }
      self.source = .frames(rest[0], frames.0, width: frames.1, height: frames.2)
    } else if let source {
      guard rest.isEmpty else {
        throw Failure(.usage, "'" + rest[0] + "' is one thing too many; see --help")
      }
      self.source = source
      if case .camera(let path, _, _) = source, let size {
        self.source = .camera(path, width: size.0, height: size.1)
      }
    } else {
      guard !rest.isEmpty else {
        throw Failure(.usage, "give pictures, --frames, --raw, --camera or --self-test")
      }
      self.source = .pictures(rest)
    }
    if size != nil {
      guard case .camera = self.source else { throw Failure(.usage, "--size goes with --camera") }
    }
  }

  private static func number(_ text: String, of option: String) throws(Failure) -> Int {
    guard let value = Int(text), value >= 1, value <= 1_000_000_000 else {
      throw Failure(.usage, "'" + option + "' takes a number from 1 on, not '" + text + "'")
    }
    return value
  }

  /// `640x480`
  private static func size(
    _ text: ArraySlice<UInt8>, of option: String
  ) throws(Failure) -> (Int, Int) {
    let parts = text.split(separator: UInt8(ascii: "x"), omittingEmptySubsequences: false)
    let sides = parts.map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
    guard sides.count == 2, sides.allSatisfy({ (1...16384).contains($0) }) else {
      throw Failure(
        .usage, "'" + option + "' takes a width and a height up to 16384, such as 640x480")
    }
    return (sides[0], sides[1])
  }

  /// `640x480:yuyv`
  private static func frames(_ text: String) throws(Failure) -> (FrameFormat, Int, Int) {
    let parts = text.bytes.split(separator: UInt8(ascii: ":"))
    guard parts.count == 2,
      let format = FrameFormat.allCases.first(where: {
        $0.name.string.bytes == Array(parts[1])
      })
    else {
      throw Failure(
        .usage, "'--frames' takes a size and a format, such as 640x480:yuyv; see --help")
    }
    let (width, height) = try size(parts[0], of: "--frames")
    return (format, width, height)
  }
}

extension String {
  /// UTF-8: comparing these needs no tables of Unicode.
  var bytes: [UInt8] { Array(utf8) }
}

extension StaticString {
  /// The same as a string.
  var string: String {
    unsafe String(
      decoding: UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount), as: UTF8.self)
  }
}
