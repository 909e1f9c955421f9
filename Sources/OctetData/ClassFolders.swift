/// Pictures sorted into one sub-folder for each class.
///
/// The names of the sub-folders are the classes' names, in byte order, or in the order of the
/// numbers where all are numbers. Only files with an extension of `Image.fileExtensions` count;
/// hidden files are left out. Where there are the sub-folders `train` and `test`, each holds the
/// classes. Otherwise the pictures of each class are taken in the byte order of their names and
/// **every fifth goes to the test set** (the last one, where a class has fewer than five), so that
/// the same folder always splits the same way.
package enum ClassFolders {
  /// One picture in this many is a test picture.
  private static let testStride = 5

  /// All pictures must have one size; where grey and colour are mixed, all become colour.
  package static func load(folder: String) throws(DataError) -> DataSource {
    let folders = try subfolders(of: folder)
    let name = Files.lastName(of: folder)
    if folders.contains("train") && folders.contains("test") {
      let trainFolder = Files.join(folder, "train")
      let testFolder = Files.join(folder, "test")
      let classNames = try classNames(in: trainFolder)
      for testName in try self.classNames(in: testFolder) where !classNames.contains(testName) {
        throw .unsuitable(
          path: Files.join(testFolder, testName), reason: "this class is not in '\(trainFolder)'")
      }
      var train = Collector(classNames: classNames)
      var test = Collector(classNames: classNames)
      for (label, className) in classNames.enumerated() {
        for path in try pictures(in: Files.join(trainFolder, className)) {
          try train.add(path, label: label)
        }
        let folder = Files.join(testFolder, className)
        guard Files.kind(of: folder) == .folder else { continue }
        for path in try pictures(in: folder) { try test.add(path, label: label) }
      }
      return try source(name, train: train, test: test)
    }
    let classNames = try classNames(in: folder)
    var train = Collector(classNames: classNames)
    var test = Collector(classNames: classNames)
    for (label, className) in classNames.enumerated() {
      let classFolder = Files.join(folder, className)
      let paths = try pictures(in: classFolder)
      guard paths.count > 1 else {
        throw .unsuitable(
          path: classFolder, reason: "one picture cannot be split into train and test; add more")
      }
      for (index, path) in paths.enumerated() {
        if index % testStride == min(testStride, paths.count) - 1 {
          try test.add(path, label: label)
        } else {
          try train.add(path, label: label)
        }
      }
    }
    return try source(name, train: train, test: test)
  }

  /// Pictures that lie in a folder itself, in the byte order of their names, without labels.
  package static func loadFlat(folder: String) throws(DataError) -> Dataset {
    var collector = Collector(classNames: [])
    for path in try pictures(in: folder) { try collector.add(path, label: 0) }
    var set = collector.dataset(channelCount: collector.channelCount)
    set.labels = []
    return set
  }

  /// Whether a folder holds pictures itself and none in sub-folders.
  package static func isFlat(_ folder: String) -> Bool {
    guard Files.kind(of: folder) == .folder, let names = try? Files.names(in: folder),
      !IDXFolder.isFolder(names), !CIFAR.isFolder(names),
      let subfolders = try? subfolders(of: folder), subfolders.isEmpty
    else { return false }
    return (try? pictures(in: folder)) != nil
  }

  private static func source(
    _ name: String, train: Collector, test: Collector
  ) throws(DataError) -> DataSource {
    if let first = train.first, let other = test.first,
      first.height != other.height || first.width != other.width
    {
      throw Collector.differentSizes(test.firstPath, other, train.firstPath, first)
    }
    let channelCount = max(train.channelCount, test.channelCount)
    return DataSource(
      name: name, train: train.dataset(channelCount: channelCount),
      test: test.dataset(channelCount: channelCount))
  }

  static func subfolders(of folder: String) throws(DataError) -> [String] {
    try Files.names(in: folder).filter { Files.kind(of: Files.join(folder, $0)) == .folder }
  }

  private static func classNames(in folder: String) throws(DataError) -> [String] {
    var names = try subfolders(of: folder)
    guard (1...DataLimits.classCount).contains(names.count) else {
      throw .unsuitable(
        path: folder,
        reason: "\(names.count) sub-folders, and 1 to \(DataLimits.classCount) classes are read")
    }
    let numbers = names.compactMap { Int($0) }
    if numbers.count == names.count { names.sort { (Int($0) ?? 0) < (Int($1) ?? 0) } }
    return names
  }

  /// Paths of a class's pictures in byte order, at least one.
  private static func pictures(in folder: String) throws(DataError) -> [String] {
    let names = try Files.names(in: folder).filter { name in
      guard let dot = name.lastIndex(of: ".") else { return false }
      return Image.fileExtensions.contains(name[name.index(after: dot)...].lowercased())
    }
    guard !names.isEmpty else {
      let known = Image.fileExtensions.sorted().joined(separator: ", ")
      throw .unsuitable(path: folder, reason: "this class has no pictures (\(known))")
    }
    return names.map { Files.join(folder, $0) }
  }
}

/// Pictures of one size on their way to a `Dataset`.
private struct Collector {
  let classNames: [String]
  private(set) var first: Image?
  private(set) var firstPath = ""
  /// 1 as long as all pictures are grey.
  private(set) var channelCount = 1
  private var pixels: [UInt8] = []
  private var labels: [UInt8] = []

  init(classNames: [String]) { self.classNames = classNames }

  mutating func add(_ path: String, label: Int) throws(DataError) {
    let image = try Image.decode(contentsOf: path)
    if let first {
      guard first.height == image.height, first.width == image.width else {
        throw Self.differentSizes(path, image, firstPath, first)
      }
    } else {
      first = image
      firstPath = path
    }
    if image.channelCount > channelCount {
      pixels = pixels.flatMap { [$0, $0, $0] }
      channelCount = image.channelCount
    }
    guard pixels.count + image.pixels.count * 3 <= DataLimits.byteCount else {
      throw .unsuitable(path: path, reason: "the set has more than \(DataLimits.byteCount) bytes")
    }
    pixels += image.converted(toChannelCount: channelCount).pixels
    labels.append(UInt8(label))
  }

  static func differentSizes(
    _ path: String, _ image: Image, _ firstPath: String, _ first: Image
  ) -> DataError {
    .unsuitable(
      path: path,
      reason: "\(image.width)×\(image.height) pixels, but '\(firstPath)' has "
        + "\(first.width)×\(first.height); make all pictures the same size")
  }

  func dataset(channelCount wanted: Int) -> Dataset {
    Dataset(
      pixels: wanted == channelCount ? pixels : pixels.flatMap { [$0, $0, $0] }, labels: labels,
      height: first?.height ?? 1, width: first?.width ?? 1, channelCount: wanted,
      classNames: classNames)
  }
}
