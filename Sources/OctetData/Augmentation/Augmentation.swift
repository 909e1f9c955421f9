/// How images are varied while a network learns from them. What is 0 does nothing.
public struct Augmentation: Sendable, Equatable {
  /// The chances of a mirror image, left to right and top to bottom, 0 … 1.
  public var flip = 0.0, flipVertical = 0.0
  /// Moved by whole pixels, as many at most either way: the window cut out of a padded image.
  public var crop = 0
  /// Moved by parts of pixels, as many pixels at most either way.
  public var shift = 0.0
  /// Turned about the middle by at most as many degrees, and sheared by at most as many.
  public var rotate = 0.0, shear = 0.0
  /// Sizes from 1 − scale to 1 + scale, the same both ways; `stretch` is drawn for each axis.
  public var scale = 0.0, stretch = 0.0
  /// Elastic bending (Simard et al. 2003): each pixel's way, as a standard deviation in pixels, and
  /// how many pixels lie from one independent way to the next.
  public var elastic = 0.0, elasticSpacing = 7.0
  /// Shares of the range that is added to all channels, and to each by itself.
  public var brightness = 0.0, colour = 0.0
  /// Distances from the picture's mean, and of each pixel from its own grey, by factors from 1 − x
  /// to 1 + x.
  public var contrast = 0.0, saturation = 0.0
  /// The standard deviation of what is added to every value by itself, as a share of the range.
  public var noise = 0.0
  /// The chance that a rectangle of 2 to 33 hundredths of the area gets one colour (Zhong et al.
  /// 2020), 0 … 1.
  public var erase = 0.0

  /// Leaves images as they are.
  public init() {}
}

extension Augmentation {
  /// One of the changes as the command line names it.
  package struct Change: Sendable {
    package var name: String
    package var help: String
    package var range: ClosedRange<Double>
    /// What the name alone stands for.
    package var usual: Double
    package var set: @Sendable (inout Augmentation, Double) -> Void
  }

  /// Every change, in the order of the documents.
  package static let changes: [Change] = [
    .init("flip", "mirrored left to right with this chance", 0...1, 0.5) { $0.flip = $1 },
    .init("flip-vertical", "mirrored top to bottom with this chance", 0...1, 0.5) {
      $0.flipVertical = $1
    },
    .init("crop", "moved by whole pixels", 0...64, 4) { $0.crop = Int($1) },
    .init("shift", "moved, in pixels", 0...64, 2) { $0.shift = $1 },
    .init("rotate", "turned, in degrees", 0...180, 10) { $0.rotate = $1 },
    .init("shear", "sheared, in degrees", 0...60, 10) { $0.shear = $1 },
    .init("scale", "larger or smaller by this share", 0...0.9, 0.1) { $0.scale = $1 },
    .init("stretch", "the same for each axis by itself", 0...0.9, 0.1) { $0.stretch = $1 },
    .init("elastic", "bent, in pixels of standard deviation", 0...32, 1) { $0.elastic = $1 },
    .init("elastic-spacing", "pixels from bend to bend", 2...256, 7) { $0.elasticSpacing = $1 },
    .init("brightness", "lighter or darker by this share of the range", 0...1, 0.1) {
      $0.brightness = $1
    },
    .init("contrast", "more or less contrast by this share", 0...1, 0.2) { $0.contrast = $1 },
    .init("saturation", "more or less colourful by this share", 0...1, 0.2) {
      $0.saturation = $1
    },
    .init("colour", "each channel lighter or darker by this share", 0...1, 0.05) {
      $0.colour = $1
    },
    .init("noise", "noise of this standard deviation, as a share of the range", 0...1, 0.02) {
      $0.noise = $1
    },
    .init("erase", "a rectangle of one colour, with this chance", 0...1, 0.5) { $0.erase = $1 },
  ]

  /// Reads a list such as `flip,rotate=15`; the error is the end of a sentence that begins with the
  /// text.
  package static func parse(_ text: String) -> Result<Augmentation, ParseError> {
    var result = Augmentation()
    var seen: Set<String> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(pieces[0])
      guard let change = changes.first(where: { $0.name == name }) else {
        return .failure(
          ParseError(
            description: "a list of \(changes.map(\.name).joined(separator: ", ")), each with "
              + "=NUMBER or without: there is no '\(name)'"))
      }
      guard seen.insert(name).inserted else {
        return .failure(ParseError(description: "a list in which '\(name)' comes once"))
      }
      var value = change.usual
      if pieces.count == 2 {
        guard let number = Double(pieces[1]), change.range.contains(number) else {
          return .failure(
            ParseError(
              description: "right: \(name) takes a number from \(change.range.lowerBound) to "
                + "\(change.range.upperBound)"))
        }
        value = number
      }
      change.set(&result, value)
    }
    return .success(result)
  }

  package struct ParseError: Error { package var description: String }

  /// Whether images stay as they are.
  package var isNothing: Bool {
    var plain = Augmentation()
    plain.elasticSpacing = elasticSpacing
    return self == plain
  }

  var movesPixels: Bool {
    shift > 0 || rotate > 0 || shear > 0 || scale > 0 || stretch > 0 || elastic > 0
  }

  var changesColours: Bool { brightness > 0 || colour > 0 || contrast > 0 || saturation > 0 }
}

extension Augmentation.Change {
  init(
    _ name: String, _ help: String, _ range: ClosedRange<Double>, _ usual: Double,
    _ set: @escaping @Sendable (inout Augmentation, Double) -> Void
  ) {
    self.init(name: name, help: help, range: range, usual: usual, set: set)
  }
}
