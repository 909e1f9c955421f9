import OctetCommand

/// Options of training under one name.
struct Recipe: Sendable, Encodable {
  var name: String
  /// One sentence: what it is for.
  var summary: String
  /// The data that it was chosen for.
  var dataName: String
  /// The command line that it stands for, without the data and the output.
  var options: String

  /// The value that the recipe gives an option.
  func value(of option: String) -> String? {
    let words = options.split(separator: " ").map(String.init)
    return words.firstIndex(of: option).map { words[$0 + 1] }
  }

  static let all = [
    Recipe(
      name: "lenet-plain", summary: "LeNet as it is trained without an option.", dataName: "mnist",
      options: "--arch lenet --epochs 10 --batch-size 64 --learning-rate 0.001"),
    Recipe(
      name: "lenet-digits",
      summary: "LeNet on handwritten digits such as MNIST: bent, turned and moved images, and an "
        + "average of the weights.",
      dataName: "mnist",
      options: "--arch lenet --epochs 120 --batch-size 64 --learning-rate 0.003 --warm-up 1 "
        + "--augment shift=2,rotate=10,scale=0.1,shear=5,elastic=0.7 --average 0.999 --split 0"),
    Recipe(
      name: "tiny-digits", summary: "The smallest network on handwritten digits.",
      dataName: "mnist",
      options: "--arch tiny --epochs 40 --batch-size 64 --learning-rate 0.01 --warm-up 1 "
        + "--augment shift=1,rotate=8,scale=0.08,elastic=0.5 --average 0.999 --weight-decay 0.01 "
        + "--split 0"),
    Recipe(
      name: "lenet5-1998", summary: "LeNet-5 as printed in 1998, on its images as they are.",
      dataName: "mnist",
      options: "--arch lenet5-1998 --epochs 20 --batch-size 64 --learning-rate 0.002 "
        + "--warm-up 0.5 --average 0.999 --label-smoothing 0.03 --split 0"),
    Recipe(
      name: "lenet5-1998-bent",
      summary: "LeNet-5 as printed in 1998, on images that are moved, turned and bent.",
      dataName: "mnist",
      options: "--arch lenet5-1998 --epochs 30 --batch-size 64 --learning-rate 0.002 "
        + "--warm-up 0.5 --augment shift=2,rotate=10,scale=0.1,shear=5,elastic=0.7 "
        + "--average 0.999 --split 0"),
    Recipe(
      name: "lecun-1998",
      summary: "LeNet with stochastic gradients, momentum and squared error, as networks were "
        + "trained then.",
      dataName: "mnist",
      options: "--arch lenet-avg --epochs 20 --batch-size 16 --optimizer momentum "
        + "--learning-rate 0.02 --schedule inverse --schedule-factor 0.5 --loss squared-error "
        + "--init xavier"),
    Recipe(
      name: "ten-epochs",
      summary: "Any network for ten epochs on images as they are, to compare networks.",
      dataName: "fashion_mnist",
      options: "--arch resnet --epochs 10 --batch-size 64 --learning-rate 0.003 --warm-up 1 "
        + "--average 0.999"),
    Recipe(
      name: "fashion",
      summary: "A residual network on clothes such as Fashion-MNIST: mirrored and moved images.",
      dataName: "fashion_mnist",
      options: "--arch resnet20 --epochs 30 --batch-size 128 --optimizer nesterov "
        + "--learning-rate 0.1 --weight-decay 0.0005 --warm-up 1 --augment flip,crop=2 "
        + "--average 0.998 --split 0"),
  ]
}

/// What `train --recipes` prints.
struct RecipeList: Encodable {
  let recipes = Recipe.all

  var text: String {
    recipes.map { "\($0.name), for \($0.dataName): \($0.summary)\n  \($0.options)" }
      .joined(separator: "\n")
  }
}
