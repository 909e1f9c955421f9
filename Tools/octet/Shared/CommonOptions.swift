import Foundation
import OctetCommand
import OctetCompiler
import OctetData
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetRuntime
import OctetTraining

/// Parameters that several verbs have, with one name and one meaning.
enum Common {
  static let data = OctetCommand.Option(
    "--data", .inputFolder, default: "digits",
    help: "Images: 'digits' (built in), a folder of IDX files, of CIFAR-10 binaries, or with one "
      + "sub-folder of images for each class.")
  static let anyLabels = Flag(
    "--any-labels",
    help: "Take the labels of IDX files as they are, even where they look damaged: classes that "
      + "have no image, or that training does not know.")
  static let size = OctetCommand.Option(
    "--size", .pictureSize,
    help: "Resize the pictures of folders to this width and height; without it, where sizes are "
      + "mixed, to that which most have.")
  static let threads = OctetCommand.Option(
    "--threads", .integer(1...256), default: ProcessInfo.processInfo.activeProcessorCount,
    help: "Threads to work with; never changes the result.")
  static let backend = OctetCommand.Option(
    "--backend", .choice(Backend.allCases.map(\.name)),
    help: "Use these kernels instead of the fastest; all give the same bytes.")
  static let mean = OctetCommand.Option(
    "--mean", .numbers,
    help: "Input normalisation: (pixel / 255 - mean) / std; one number, or one "
      + "for each channel.")
  static let standardDeviation = OctetCommand.Option(
    "--std", .numbers, help: "Input normalisation, see --mean.")

  static let arenaLimit = OctetCommand.Option(
    "--max-arena", .byteCount,
    help: "RAM for activations at most: layers are computed in bands of rows where that is needed, "
      + "to the same bytes; where it cannot be done, the least possible is said and nothing is "
      + "written.")

  static let noShrink = Flag(
    "--no-shrink",
    help: "Keep channels that are constant whatever the input and channels that nothing reads; "
      + "without them every output has the same bytes.")

  static let labels = OctetCommand.Option(
    "--labels", .input, help: "A text file with one class name a line, in output order.")

  static func labelPolicy(_ arguments: Arguments) -> LabelPolicy {
    arguments[anyLabels] ? .asTheyAre : .checked
  }

  static func labels(_ path: String) throws -> [String] {
    String(decoding: try InputFile.read(path), as: UTF8.self)
      .split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  /// The normalisation that the user gave; nil when neither option is there.
  static func normalization(_ arguments: Arguments) throws(CommandError) -> Normalization? {
    let mean = arguments[Common.mean]
    let deviation = arguments[standardDeviation]
    guard mean != nil || deviation != nil else { return nil }
    let count = max(mean?.count ?? 1, deviation?.count ?? 1)
    let means = mean ?? [Float](repeating: 0, count: count)
    let deviations = deviation ?? [Float](repeating: 1, count: count)
    guard means.count == deviations.count else {
      throw CommandError(
        .usage, "--mean has \(means.count) numbers and --std \(deviations.count); give as many")
    }
    guard deviations.allSatisfy({ $0 > 0 }) else {
      throw CommandError(.usage, "--std must be above 0")
    }
    return Normalization(mean: means, standardDeviation: deviations)
  }

  static func backend(_ arguments: Arguments) throws(CommandError) -> Backend {
    guard let name = arguments[Common.backend] else { return .best }
    guard let backend = Backend.allCases.first(where: { $0.name == name }), backend.isAvailable
    else {
      let usable = Backend.allCases.filter(\.isAvailable).map(\.name).joined(separator: ", ")
      throw CommandError(
        .usage, "this machine cannot run the backend '\(name)'; it has \(usable)")
    }
    return backend
  }
}

extension ValueKind<[Float]> {
  /// Finite numbers, separated by commas.
  static var numbers: ValueKind {
    ValueKind(placeholder: "X[,X…]", expectation: nil) { text throws(ValueError) in
      let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Float($0) }
      var result: [Float] = []
      for number in numbers {
        guard let number, number.isFinite else {
          throw ValueError("numbers separated by commas, such as 0.1307")
        }
        result.append(number)
      }
      return result
    }
  }
}

extension ValueKind<PictureSize> {
  /// Width and height in pixels.
  static var pictureSize: ValueKind {
    ValueKind(placeholder: "WxH") { text throws(ValueError) in
      let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
      guard sides.count == 2, let width = sides[0], let height = sides[1],
        (1...4096).contains(width), (1...4096).contains(height)
      else { throw ValueError("a size such as 32x32, with sides of 1 to 4096 pixels") }
      return PictureSize(height: height, width: width)
    }
  }
}

// Exit statuses of the modules' errors where 65, bad data, is not right.

extension CompilerError: ExitStatusProviding {
  package var exitStatus: ExitStatus {
    if case .arenaTooSmall = self { .gateMissed } else { .badData }
  }
}

extension DataError: ExitStatusProviding {
  package var exitStatus: ExitStatus { isMissingInput ? .missingInput : .badData }
}

extension EvaluationError: ExitStatusProviding {
  package var exitStatus: ExitStatus {
    if case .metric = self { .usage } else { .badData }
  }
}

extension TrainingError: ExitStatusProviding {
  package var exitStatus: ExitStatus {
    if case .option = self { .usage } else { .badData }
  }
}
