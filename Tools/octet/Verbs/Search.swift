import Foundation
import OctetCommand
import OctetData
import OctetModel
import OctetPage
import OctetReport
import OctetTraining

struct Search: Verb {
  let name = "search"
  let summary = "Search for the options of 'train' that are best on images held back."
  let discussion =
    "--over NAME=RANGE, once or more, names an option of 'train' without its dashes and its "
    + "values: a,b,c (or a|b|c where values hold commas; 'none' leaves the option out), "
    + "uniform(a,b), uniform(a,b,step), integer(a,b) or log(a,b). One change of --augment is "
    + "augment.rotate and so on. All other options are as in 'train' and hold for every trial. "
    + "Trials are judged on the images held back (--split, --validation); the test images are not "
    + "looked at, but once by the model of -o. The folder keeps a journal: the same command goes "
    + "on after whatever stopped it, with more --trials too, and ends as one that was not. With "
    + "--worker processes of any machines share the folder; journals of --shard K/N are brought "
    + "together in one folder, where the command without --shard tells of all."
  let over = OctetCommand.Options<SearchDimension>(
    "--over", .searched, help: "An option of 'train' and its values; once or more.")
  let method = OctetCommand.Option(
    "--method", .choice, default: SearchMethod.tpe,
    help: "Random; narrowing around the best; or a tree of Parzen estimators. All begin with "
      + "\(SearchSampler.startCount) trials at random.")
  let trials = OctetCommand.Option(
    "--trials", .integer(1...100_000), default: 30, help: "Trials in all.")
  let halving = OctetCommand.Option(
    "--halving", .integer(1...64), default: 3,
    help: "After a Nth, an N·Nth, … of the epochs only the best Nth of the trials that came as "
      + "far goes on; 1 stops none.")
  let smallest = OctetCommand.Option(
    "--smallest-at", .number(0...1),
    help: "Look for the fewest parameters at this validation accuracy, 0.99 say, instead of the "
      + "best accuracy.")
  let parameterLimit = OctetCommand.Option(
    "--max-parameters", .integer(1...), help: "Skip networks with more parameters.")
  let multiplyAddLimit = OctetCommand.Option(
    "--max-multiply-adds", .integer(1...),
    help: "Skip networks with more multiply-adds for an image.")
  let folder = OctetCommand.Option(
    "--out", .folderOfOutputs, default: OutputFolderPath(default: "search"),
    help: "The folder of the journal; made where there is none.")
  let html = OctetCommand.Option(
    "--html", .output(.html), help: "A page of the results.")
  let output = OctetCommand.Option<OutputPath?>(
    "--output", short: "o", .output(.onnx),
    help: "Train the best trial once more, to the end, and write it as 'train' does.")
  let worker = Flag(
    "--worker", help: "Share the folder with other processes, on machines that see it too.")
  let shard = OctetCommand.Option(
    "--shard", .shard, help: "Only every Nth trial, beginning with the Kth.")
  let staleAfter = OctetCommand.Option(
    "--stale-after", .number(30...1_000_000), default: 600,
    help: "Seconds of silence after which another machine's worker counts as dead; its trial is "
      + "begun anew.")
  let example =
    "octet search --data mnist --over 'learning-rate=log(1e-4,1e-1)' --trials 20"

  var parameters: [any Parameter] {
    [
      Common.data, Train().validation, over, method, trials, halving, smallest, parameterLimit,
      multiplyAddLimit, folder, html, output, worker, shard, staleAfter, Train().recipe,
    ]
      + TrainingParameter.all.map(\.parameter)
      + [
        Common.size, Common.mean, Common.standardDeviation, Common.anyLabels, Common.threads,
      ]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let watch = Stopwatch()
    let recipe = Recipe.all.first { $0.name == arguments[Train().recipe] }
    let options = try SearchOptions(arguments, over: arguments[over], recipe: recipe)
    guard !(arguments[worker] && arguments[shard] != nil) else {
      throw CommandError(.usage, "--worker and --shard are two ways to share; take one")
    }
    let isPart = arguments[worker] || arguments[shard] != nil
    guard !isPart || arguments[output] == nil else {
      throw CommandError(
        .usage, "-o wants the whole search; give it to the command without --worker and --shard")
    }
    let setting = try TrialSetting(arguments, console: console)
    let plan = SearchPlan(arguments, self, options)
    let searchFolder = try SearchFolder(
      arguments[folder], name: journalName(arguments),
      settings: settings(arguments, options, setting), secondsToDeath: arguments[staleAfter],
      console: console)
    if searchFolder.earlierCount > 0 {
      console.message(
        "note: \(searchFolder.path) has \(searchFolder.earlierCount) trials already; going on")
    }
    var run = SearchRun(plan: plan, setting: setting, folder: searchFolder, console: console)
    let ending = try run.run()
    return try finish(arguments, plan, setting, searchFolder, ending, watch, console)
  }

  /// The report, the page and the model.
  private func finish(
    _ arguments: Arguments, _ plan: SearchPlan, _ setting: TrialSetting, _ folder: SearchFolder,
    _ ending: SearchRun.Ending, _ watch: Stopwatch, _ console: Console
  ) throws -> Outcome {
    let trials = plan.ours(try folder.trials())
    var report = SearchReport(plan, trials, data: setting.source.name)
    let best = plan.goal.best(of: trials)
    let candidate = try best.map { try plan.options.candidate($0.values) }
    report.command = candidate.map { plan.command($0, arguments, setting) }
    report.notes = notes(plan, trials, ending, folder)
    var isInterrupted = ending == .interrupted
    let miss = isInterrupted ? nil : miss(plan, trials, best, report)
    if let path = arguments[output], let candidate, miss == nil, !isInterrupted {
      let result = try setting.train(candidate.settings, console: console)
      isInterrupted = result.wasStopped
      if !isInterrupted {
        let kept = try Train.keep(
          result, of: setting.source, in: path,
          evaluator: Evaluator(result.graph, threadCount: arguments[Common.threads]), watch: watch)
        (report.file, report.testAccuracy) = (kept.file, kept.testAccuracy)
      }
    }
    report.seconds = watch.seconds
    if let html = arguments[html] {
      let page = SearchPage(report).text
      try AtomicFile.write(Array(page.utf8), to: html, as: .html)
      report.htmlFile = html.path
    }
    let text = SearchText(report).text(for: console.output)
    if isInterrupted {
      return Outcome(
        report, text: text, ending: .interrupted("interrupted; the same command goes on with it"))
    }
    // A part of a search has no verdict.
    let isPart = arguments[worker] || arguments[shard] != nil
    return Outcome(
      report, text: text, ending: isPart ? .done : miss.map { .gateMissed($0) } ?? .done)
  }

  /// Why the search has not found what it is for; nil where it has.
  private func miss(
    _ plan: SearchPlan, _ trials: [SearchTrial], _ best: SearchTrial?, _ report: SearchReport
  ) -> String? {
    guard let best, let score = best.score else {
      let reason = trials.last { $0.reason != nil }?.reason ?? report.notes.first
      return "no trial was trained to the end: \(reason ?? "none was begun")"
    }
    guard let accuracy = plan.goal.sufficientAccuracy, !plan.goal.isReached(by: best) else {
      return nil
    }
    return "no trial reaches \(accuracy.percent); the best has \(score.accuracy.percent)"
  }

  private func notes(
    _ plan: SearchPlan, _ trials: [SearchTrial], _ ending: SearchRun.Ending, _ folder: SearchFolder
  ) -> [String] {
    var notes: [String] = []
    if case .exhausted(let sentence) = ending { notes.append(sentence) }
    let skipped = trials.reduce(0) { $0 + $1.skippedCount }
    if skipped > 0 {
      notes.append(
        "\(skipped) draw\(skipped == 1 ? " was" : "s were") skipped: larger than is asked for")
    }
    let open = trials.count { $0.end == nil }
    if open > 0, ending != .interrupted {
      notes.append(
        "\(open) trial\(open == 1 ? " is" : "s are") at work elsewhere, or left by a worker that "
          + "is gone: the same command ends what is left")
    }
    if plan.shard != nil {
      notes.append("only the trials of this shard; bring the journals together for all")
    }
    return notes
  }

  private func journalName(_ arguments: Arguments) -> String {
    if let shard = arguments[shard] { return "journal-\(shard.index)-of-\(shard.count).jsonl" }
    guard arguments[worker] else { return "journal.jsonl" }
    let host = ProcessInfo.processInfo.hostName.filter {
      $0.isASCII && ($0.isLetter || $0.isNumber)
    }
    let random = String(UInt64.random(in: 0 ... .max), radix: 36)
    return "journal-\(host.prefix(20))-\(ProcessInfo.processInfo.processIdentifier)-\(random).jsonl"
  }

  /// What must be the same wherever the search goes on.
  private func settings(
    _ arguments: Arguments, _ options: SearchOptions, _ setting: TrialSetting
  ) -> SearchSettings {
    var settings = options.texts
    for parameter in TrainingParameter.all where settings[parameter.name] == nil {
      let isSearched = options.dimensions.contains { "--" + $0.name == parameter.name }
      if !isSearched { settings[parameter.name] = parameter.parameter.specification.defaultText }
    }
    settings["--over"] = arguments.texts(of: over).joined(separator: "; ")
    for parameter in [method, halving, smallest, parameterLimit, multiplyAddLimit]
      as [any Parameter]
    {
      settings[parameter.specification.name] =
        arguments.text(of: parameter) ?? parameter.specification.defaultText
    }
    settings["the normalisation"] = setting.normalization.map {
      "\($0.mean) \($0.standardDeviation)"
    }
    settings["the data"] = "\(setting.source.name) \(setting.source.train.fingerprint)"
    settings["the validation data"] = setting.validation?.fingerprint
    return settings
  }
}
