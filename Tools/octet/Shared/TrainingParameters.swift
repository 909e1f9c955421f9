import OctetCommand
import OctetTraining

extension TrainingParameter {
  /// Every option of training, in the order of the help.
  static let all = network + optimizing + regularizing

  private static let network: [TrainingParameter] = [
    .init(
      "--arch", .choiceOrFile(Architectures.names, [".json", ".onnx"]), default: "lenet",
      help: "The network; --list describes each, the article The Zoo the layers of a .json file."
    ) { $0.network.architecture = $1 },
    .init(
      "--width", .positiveNumber(upTo: 64), default: 1, help: "Times the network's channels."
    ) { $0.network.width = $1 },
    .init(
      "--dropout", .number(0...0.95),
      help: "The rate of all dropout layers of the network, instead of their own."
    ) { $0.network.dropout = $1 },
    .init(
      "--from", .input,
      help: "A trained model to go on from; its last layer is made anew unless "
        + "its labels are the classes of the images."
    ) { $0.network.source = $1 },
    .init("--freeze", .names, help: "Layers of --from that stay as they are.") {
      $0.network.frozen = $1
    },
    .init(
      "--classes", .integer(1...65_536), help: "Outputs; as many as the images have classes."
    ) { $0.network.classCount = $1 },
    .init(
      "--init", .choice(["he", "xavier", "zero", "normal", "truncated-normal"]), default: "he",
      help: "How weights start: He or Xavier (uniform), 0, or bell-shaped."
    ) { $0.initializationName = $1 },
    .init(
      "--init-deviation", .positiveNumber(upTo: 10),
      help: "Of --init normal (0.01) and truncated-normal (0.1)."
    ) { $0.deviation = Float($1) },
    .init(
      "--seed", .seed, default: 1, help: "Of the weights, the split, the order and augmentation."
    ) { $0.options.seed = $1 },
  ]

  private static let optimizing: [TrainingParameter] = [
    .init("--epochs", .integer(1...100_000), default: 10, help: "Times through the images.") {
      $0.options.epochCount = $1
    },
    .init("--batch-size", .integer(1...65536), default: 64, help: "Images a step.") {
      $0.options.batchSize = $1
    },
    .init(
      "--learning-rate", .positiveNumber(upTo: 100), default: 1e-3,
      help: "At the start, after warming up; --schedule lowers it."
    ) { $0.options.learningRate = Float($1) },
    .init(
      "--schedule", .choice(["cosine", "constant", "step", "exponential", "inverse"]),
      default: "cosine",
      help: "The course of the rate: to 0 at the end, level, in steps, by a factor an epoch, "
        + "or as 1 / (1 + factor · epochs)."
    ) { $0.scheduleName = $1 },
    .init(
      "--schedule-factor", .positiveNumber(upTo: 1000),
      help: "Of --schedule step (0.1), exponential (0.95) and inverse (1)."
    ) { $0.scheduleFactor = Float($1) },
    .init(
      "--schedule-epochs", .integer(1...100_000), default: 10,
      help: "Epochs a step of --schedule step."
    ) { $0.scheduleEpochs = $1 },
    .init(
      "--warm-up", .number(0...100_000), default: 0,
      help: "Epochs in which the rate first rises from near 0, 0.5 say."
    ) { $0.options.warmUpEpochs = $1 },
    .init(
      "--optimizer",
      .choice(["adam", "adamw", "momentum", "nesterov", "sgd", "adagrad", "rmsprop"]),
      default: "adam",
      help: "The optimizer; adamw is another name of adam, whose --weight-decay is decoupled."
    ) { $0.optimizerName = $1 },
    .init("--momentum", .number(0...0.9999), help: "Of momentum, nesterov and adam; 0.9.") {
      $0.momentum = Float($1)
    },
    .init(
      "--beta2", .number(0...0.999_999), help: "Memory of squares in adam (0.999), rmsprop (0.99)."
    ) { $0.beta2 = Float($1) },
    .init(
      "--clip", .positiveNumber(upTo: 1e9), help: "Scale longer gradients to this Euclidean length."
    ) { $0.options.clippingNorm = Float($1) },
    .init(
      "--average", .number(0...0.999_999),
      help: "Keep a moving average of the weights, and this much of it in every step: 0.999 say."
    ) { $0.options.averagingDecay = Float($1) },
    .init(
      "--patience", .integer(1...100_000), help: "Stop after as many epochs without a better one."
    ) { $0.options.patience = $1 },
  ]

  private static let regularizing: [TrainingParameter] = [
    .init(
      "--loss", .choice, default: Loss.crossEntropy,
      help: "What is made small; squared-error compares the outputs with 1 for the class, else 0."
    ) { $0.options.loss = $1 },
    .init(
      "--weight-decay", .number(0...1), help: "On weights, not on biases; 0.1 for adam, else 0."
    ) { $0.options.weightDecay = Float($1) },
    .init("--l1", .number(0...1), default: 0, help: "Times the weights' signs, to the gradient.") {
      $0.options.l1 = Float($1)
    },
    .init("--l2", .number(0...1), default: 0, help: "Times the weights, to the gradient.") {
      $0.options.l2 = Float($1)
    },
    .init(
      "--label-smoothing", .number(0...0.999), default: 0,
      help: "The share of each target that is spread over all classes."
    ) { $0.options.labelSmoothing = Float($1) },
    .init(
      "--mixup", .number(0...2), default: 0,
      help: "Mix images, and their targets, by a share from Beta(X, X): 0.2 say."
    ) { $0.options.mixup = $1 },
    .init(
      "--augment", .augmentation,
      help: "Vary the images in every epoch: a list such as flip,crop=4,rotate=15; "
        + "'octet augment --help' has all, and 'octet augment --show' shows it."
    ) { $0.options.augmentation = $1 },
    .init(
      "--split", .number(0...0.9),
      help: "The share of the training images that is held back for validation; a twelfth."
    ) { $0.options.validationFraction = $1 },
  ]
}
