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

  /// Where grey and colour are mixed, all become colour; where sizes are, all get the wanted one,
  /// or that which most have.
  package static func load(
    folder: String, size: PictureSize? = nil
  ) throws(DataError) -> DataSource {
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
      var train = Collector(classNames: classNames, size: size)
      var test = Collector(classNames: classNames, size: size)
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
    var train = Collector(classNames: classNames, size: size)
    var test = Collector(classNames: classNames, size: size)
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
  package static func loadFlat(
    folder: String, size: PictureSize? = nil
  ) throws(DataError) -> (images: Dataset, remarks: [String]) {
    var collector = Collector(classNames: [], size: size)
    for path in try pictures(in: folder) { try collector.add(path, label: 0) }
    let common = collector.commonSize
    var set = try collector.dataset(channelCount: collector.channelCount, size: common)
    set.labels = []
    return (set, remarks(collector.count(besides: common), of: collector.count, common))
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
    let size = train.commonSize
    let channelCount = max(train.channelCount, test.channelCount)
    var source = DataSource(
      name: name, train: try train.dataset(channelCount: channelCount, size: size),
      test: try test.dataset(channelCount: channelCount, size: size))
    let resizedCount = train.count(besides: size) + test.count(besides: size)
    source.remarks += remarks(resizedCount, of: train.count + test.count, size)
    return source
  }

  /// Says, where it was so, that pictures were resized.
  private static func remarks(
    _ resizedCount: Int, of count: Int, _ size: PictureSize
  ) -> [String] {
    resizedCount == 0
      ? []
      : [
        "\(resizedCount) of \(count) pictures were resized to \(size) pixels, stretched where "
          + "their sides are in another proportion"
      ]
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

/// Pictures on their way to a `Dataset`.
private struct Collector {
  let classNames: [String]
  /// What all pictures become at once; nil keeps each as it is until all are known.
  let size: PictureSize?
  /// 1 as long as all pictures are grey.
  private(set) var channelCount = 1
  private var images: [Image] = []
  private var labels: [UInt8] = []
  private var counts: [PictureSize: Int] = [:]
  private var order: [(size: PictureSize, path: String)] = []
  private var byteCount = 0

  init(classNames: [String], size: PictureSize?) {
    self.classNames = classNames
    self.size = size
  }

  var count: Int { labels.count }

  mutating func add(_ path: String, label: Int) throws(DataError) {
    var image = try Image.decode(contentsOf: path)
    let found = PictureSize(height: image.height, width: image.width)
    if counts[found] == nil { order.append((found, path)) }
    counts[found, default: 0] += 1
    if let size { image = image.resized(height: size.height, width: size.width) }
    channelCount = max(channelCount, image.channelCount)
    byteCount += image.height * image.width
    guard byteCount * 3 <= DataLimits.byteCount else {
      throw .unsuitable(
        path: path,
        reason: "the set has more than \(DataLimits.byteCount) bytes; --size has large pictures "
          + "made smaller as they are read")
    }
    images.append(image)
    labels.append(UInt8(label))
  }

  /// The size of most pictures, of equally many that which came first; or the wanted one.
  var commonSize: PictureSize {
    if let size { return size }
    var best = order.first?.size ?? PictureSize(height: 1, width: 1)
    for (size, _) in order where counts[size, default: 0] > counts[best, default: 0] { best = size }
    return best
  }

  /// How many pictures had another size.
  func count(besides size: PictureSize) -> Int { count - counts[size, default: 0] }

  func dataset(channelCount: Int, size: PictureSize) throws(DataError) -> Dataset {
    guard size.height * size.width * 3 * count <= DataLimits.byteCount else {
      throw .unsuitable(
        path: order.first?.path ?? "",
        reason: "\(count) pictures of \(size) are more than \(DataLimits.byteCount) bytes; --size "
          + "has them made smaller")
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(size.height * size.width * channelCount * count)
    for image in images {
      pixels +=
        image.resized(height: size.height, width: size.width)
        .converted(toChannelCount: channelCount).pixels
    }
    return Dataset(
      pixels: pixels, labels: labels, height: size.height, width: size.width,
      channelCount: channelCount, classNames: classNames)
  }
}
