import OctetCommand

/// Options of training under one name.
struct Recipe: Sendable, Encodable {
  var name: String
  /// One sentence: what it is for.
  var summary: String
  /// The command line that it stands for, without the data and the output.
  var options: String

  /// The value that the recipe gives an option.
  func value(of option: String) -> String? {
    let words = options.split(separator: " ").map(String.init)
    return words.firstIndex(of: option).map { words[$0 + 1] }
  }

  static let all = [
    Recipe(
      name: "lenet-plain", summary: "LeNet as it is trained without an option.",
      options: "--arch lenet --epochs 10 --batch-size 64 --learning-rate 0.001"),
    Recipe(
      name: "lenet-digits",
      summary: "LeNet on handwritten digits such as MNIST: bent, turned and moved images, and an "
        + "average of the weights.",
      options: "--arch lenet --epochs 60 --batch-size 64 --learning-rate 0.003 --warm-up 1 "
        + "--augment shift=2,rotate=12,scale=0.12,shear=10,elastic=0.9 --average 0.999 "
        + "--label-smoothing 0.03"),
    Recipe(
      name: "fashion",
      summary: "A residual network on clothes such as Fashion-MNIST: mirrored, moved and partly "
        + "erased images.",
      options: "--arch resnet --epochs 30 --batch-size 128 --learning-rate 0.003 --warm-up 1 "
        + "--augment flip,crop=2,erase=0.3 --average 0.999 --label-smoothing 0.05"),
    Recipe(
      name: "lecun-1998",
      summary: "LeNet with stochastic gradients, momentum and squared error, as networks were "
        + "trained then.",
      options: "--arch lenet-avg --epochs 20 --batch-size 16 --optimizer momentum "
        + "--learning-rate 0.02 --schedule inverse --schedule-factor 0.5 --loss squared-error "
        + "--init xavier"),
  ]
}

/// What `train --recipes` prints.
struct RecipeList: Encodable {
  let recipes = Recipe.all

  var text: String {
    recipes.map { "\($0.name): \($0.summary)\n  \($0.options)" }.joined(separator: "\n")
  }
}
