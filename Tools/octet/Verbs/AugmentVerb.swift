import OctetCommand
import OctetData
import OctetTraining

struct AugmentVerb: Verb {
  let name = "augment"
  let summary = "Write a sheet of images as 'train --augment' varies them."
  let discussion: String
  let data = Common.data
  let augmentation = OctetCommand.Option<Augmentation>(
    required: "--augment", .augmentation,
    help: "A list of changes, each alone or with =NUMBER: flip,crop=4,rotate=15.")
  let output = OctetCommand.Option<OutputPath>(
    required: "--show", .output(.picture), help: "The PNG file to write.")
  let rows = OctetCommand.Option(
    "--images", .integer(1...100), default: 8, help: "Images on the sheet, a row each.")
  let columns = OctetCommand.Option(
    "--views", .integer(1...50), default: 9,
    help: "Variations of each: those of the first epochs; the image itself stands before them.")
  let seed = OctetCommand.Option("--seed", .seed, default: 1, help: "As in training.")
  let example = "octet augment --data digits --augment rotate=15,elastic=1 --show sheet.png"

  init() {
    let list = Augmentation.changes.map { change in
      "\(change.name) (\(change.help): \(Self.plain(change.usual)), "
        + "\(Self.plain(change.range.lowerBound)) to \(Self.plain(change.range.upperBound)))"
    }
    discussion =
      "The changes, with what a name alone stands for and the range of =NUMBER: "
      + list.joined(separator: "; ")
      + ". A number is the most, either way, unless it is a chance or a deviation. What comes of "
      + "an image depends on the seed, its place in the data and the epoch alone."
  }

  var parameters: [any Parameter] {
    [data, augmentation, output, rows, columns, seed, Common.anyLabels]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let source = try Steps.load(arguments[data], labels: Common.labelPolicy(arguments))
    let path = arguments[output]
    let images = source.train
    let sheet = AugmentationSheet(
      images, arguments[augmentation], imageCount: arguments[rows], viewCount: arguments[columns],
      seed: arguments[seed])
    try AtomicFile.write(PNG.encode(sheet.image), to: path, as: .picture)
    let report = AugmentReport(
      data: source.name, file: path.path, imageCount: sheet.imageCount,
      viewCount: arguments[columns])
    return Outcome(
      report,
      text: "\(report.imageCount) images, each as it is and in \(report.viewCount) epochs; wrote "
        + "\(path)")
  }

  private static func plain(_ value: Double) -> String {
    value == value.rounded() ? "\(Int(value))" : "\(value)"
  }
}

struct AugmentReport: Encodable {
  var data: String
  var file: String
  var imageCount: Int
  var viewCount: Int
}

extension ValueKind<Augmentation> {
  /// A list of changes of images.
  static var augmentation: ValueKind {
    ValueKind(placeholder: "LIST") { text throws(ValueError) in
      switch Augmentation.parse(text) {
      case .success(let value): return value
      case .failure(let error): throw ValueError(error.description)
      }
    }
  }
}
