extension DataSource {
  /// What `--data` names: `digits`, or a folder of IDX files, of CIFAR-10 binaries, or of one
  /// sub-folder of pictures for each class.
  ///
  /// A folder that is really called `digits` is reached as `./digits`.
  ///
  /// - Parameters:
  ///   - labels: what is done about labels that look damaged.
  ///   - size: to which pictures in folders are resized; nil takes the size that most have.
  public static func load(
    _ argument: String, labels: LabelPolicy = .checked, size: PictureSize? = nil
  ) throws(DataError) -> DataSource {
    if argument == "digits" { return Digits.source() }
    switch Files.kind(of: argument) {
    case nil:
      throw .missing(
        path: argument, advice: "name a folder of images, or 'digits' for the built-in ones")
    case .file, .other:
      throw .unsuitable(path: argument, reason: "it is not a folder. " + expectation)
    case .folder: break
    }
    let names = try Files.names(in: argument)
    if IDXFolder.isFolder(names) {
      return try IDXFolder.load(folder: argument, labels: labels)
    }
    if CIFAR.isFolder(names) { return try CIFAR.load(folder: argument) }
    if try !ClassFolders.subfolders(of: argument).isEmpty {
      return try ClassFolders.load(folder: argument, size: size)
    }
    throw .unsuitable(path: argument, reason: "no images found here. " + expectation)
  }

  /// All images that `--validation` names, as one set whose labels are those of `classNames`. Of a
  /// folder of classes nothing is split off; of other sets both halves are taken.
  ///
  /// - Throws: also where a class is not among the names.
  public static func loadWhole(
    _ argument: String, labels: LabelPolicy = .checked, like images: Dataset
  ) throws(DataError) -> Dataset {
    let size = PictureSize(height: images.height, width: images.width)
    let source = try load(argument, labels: labels, size: size)
    var set = source.train
    set.pixels += source.test.pixels
    set.labels += source.test.labels
    guard set.height == images.height, set.width == images.width,
      set.channelCount == images.channelCount
    else {
      throw .unsuitable(
        path: argument,
        reason: "images of \(set.width)×\(set.height)×\(set.channelCount), and those to learn "
          + "from are \(images.width)×\(images.height)×\(images.channelCount)")
    }
    let places = set.classNames.map { images.classNames.firstIndex(of: $0) }
    for label in set.labels where places[Int(label)] == nil {
      throw .unsuitable(
        path: argument,
        reason: "the class '\(set.classNames[Int(label)])' is none of those to learn from")
    }
    set.labels = set.labels.map { UInt8(places[Int($0)] ?? 0) }
    set.classNames = images.classNames
    return set
  }

  /// The pictures that lie in a folder itself, without labels, and what is to be said of them; nil
  /// where there are none, or some in sub-folders.
  ///
  /// - Parameter size: to which they are resized; nil takes the size that most have.
  public static func loadPictures(
    _ folder: String, size: PictureSize? = nil
  ) throws(DataError) -> (images: Dataset, remarks: [String])? {
    folder != "digits" && ClassFolders.isFlat(folder)
      ? try ClassFolders.loadFlat(folder: folder, size: size) : nil
  }

  /// Whether a file is one of NumPy's, by its first bytes.
  public static func isNumPy(_ path: String) -> Bool { NumPyArray.canLoad(path) }

  private static let expectation =
    "Looked for: IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte, "
    + "t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, each plain or .gz); CIFAR-10 binaries "
    + "(data_batch_1.bin, test_batch.bin); one sub-folder of PNG, JPEG, PGM, PPM or BMP pictures "
    + "for each class, or such sub-folders within train/ and test/"
}

/// The four IDX files of MNIST and of sets made like it.
package enum IDXFolder {
  private static let trainImages = "train-images-idx3-ubyte"
  private static let trainLabels = "train-labels-idx1-ubyte"
  private static let testImages = "t10k-images-idx3-ubyte"
  private static let testLabels = "t10k-labels-idx1-ubyte"
  private static let fashionNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
    "Ankle boot",
  ]

  /// True where one of the four files is there, so that an error can name the others.
  static func isFolder(_ names: [String]) -> Bool {
    [trainImages, trainLabels, testImages, testLabels].contains { name in
      names.contains(name) || names.contains(name + ".gz")
    }
  }

  /// Classes are called 0 … 9, or by Fashion-MNIST's names where the folder's own name has
  /// "fashion" in it. More than 10 labels give as many numbers.
  package static func load(
    folder: String, labels: LabelPolicy = .checked
  ) throws(DataError) -> DataSource {
    let folderName = Files.lastName(of: folder)
    let isFashion = folderName.lowercased().contains("fashion")
    var train = try pair(folder, images: trainImages, labels: trainLabels)
    var test = try pair(folder, images: testImages, labels: testLabels)
    guard train.height == test.height, train.width == test.width else {
      throw .unsuitable(
        path: folder,
        reason: "train images are \(train.width)×\(train.height) and test images "
          + "\(test.width)×\(test.height); both must be the same")
    }
    guard train.channelCount == test.channelCount else {
      throw .unsuitable(
        path: folder,
        reason: "train images have \(train.channelCount) channels and test images "
          + "\(test.channelCount); both must have the same")
    }
    if labels == .checked {
      try LabelCheck.check(
        train: file(trainLabels, in: folder, train.labels),
        test: file(testLabels, in: folder, test.labels))
    }
    let highest = Int(max(train.labels.max() ?? 0, test.labels.max() ?? 0))
    let classNames =
      isFashion && highest < fashionNames.count
      ? fashionNames : (0...max(highest, 9)).map { String($0) }
    train.classNames = classNames
    test.classNames = classNames
    return DataSource(name: isFashion ? "fashion-mnist" : folderName, train: train, test: test)
  }

  private static func pair(
    _ folder: String, images: String, labels: String
  ) throws(DataError) -> Dataset {
    let imagePath = path(of: images, in: folder)
    let labelPath = path(of: labels, in: folder)
    let imageArray = try IDX.read(contentsOf: imagePath)
    let labelArray = try IDX.read(contentsOf: labelPath)
    guard imageArray.sizes.count == 3 || imageArray.sizes.count == 4 else {
      throw .malformed(
        path: imagePath, byteOffset: 3, reason: "images have 3 sizes (N, H, W) or 4 (…, C)")
    }
    guard labelArray.sizes.count == 1 else {
      throw .malformed(path: labelPath, byteOffset: 3, reason: "labels have 1 size")
    }
    guard imageArray.sizes[0] == labelArray.sizes[0] else {
      throw .unsuitable(
        path: labelPath,
        reason: "\(labelArray.sizes[0]) labels for \(imageArray.sizes[0]) images")
    }
    return Dataset(
      pixels: imageArray.bytes, labels: labelArray.bytes, height: imageArray.sizes[1],
      width: imageArray.sizes[2],
      channelCount: imageArray.sizes.count == 4 ? imageArray.sizes[3] : 1, classNames: [])
  }

  private static func file(
    _ name: String, in folder: String, _ labels: [UInt8]
  ) -> LabelCheck.File {
    let path = path(of: name, in: folder)
    return LabelCheck.File(path: path, labels: labels, isPacked: path.hasSuffix(".gz"))
  }

  /// The plain file where it is there, else the one in gzip; if neither, the plain name, for the
  /// error.
  private static func path(of name: String, in folder: String) -> String {
    let plain = Files.join(folder, name)
    let packed = plain + ".gz"
    return Files.kind(of: plain) == nil && Files.kind(of: packed) != nil ? packed : plain
  }
}
