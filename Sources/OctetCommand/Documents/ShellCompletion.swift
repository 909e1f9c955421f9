/// What a shell needs to complete the tool's command lines, generated from its verbs.
package enum ShellCompletion: String, CaseIterable, Sendable {
  case bash, zsh, fish

  /// A script for the shell to read: the verbs, their flags, values that can be listed, files and
  /// folders.
  package func script(for program: Program) -> String {
    let verbs = program.verbs.map { VerbForm($0) }
    return switch self {
    case .bash: Self.bash(program, verbs)
    case .zsh: Self.zsh(program, verbs)
    case .fish: Self.fish(program, verbs)
    }
  }

  /// A verb as completion sees it.
  private struct VerbForm {
    var name: String
    var summary: String
    var options: [ParameterSpecification]
    var positionals: [ParameterSpecification]

    init(_ verb: any Verb) {
      name = verb.name
      summary = verb.summary
      let all = verb.allParameters.map(\.specification)
      options = all.filter { !$0.isPositional } + Program.commonFlags.map(\.specification)
      positionals = all.filter(\.isPositional)
    }
  }

  // MARK: bash

  private static func bash(_ program: Program, _ verbs: [VerbForm]) -> String {
    let name = program.name
    let cases = verbs.flatMap { verb in
      verb.options.filter { $0.form == .option }.map { option in
        let patterns = option.spellings.map { "'\(verb.name) \($0)'" }.joined(separator: " | ")
        return "    \(patterns)) \(bashValues(option)) ;;"
      }
    }
    let flags = verbs.map { verb in
      let names = verb.options.flatMap(\.spellings).joined(separator: " ")
      return "    \(verb.name)) flags='\(names)' ;;"
    }
    // The first positional may be an action; what follows are files.
    let actions = verbs.compactMap { verb -> String? in
      guard let choices = verb.positionals.first?.choices, !choices.isEmpty else { return nil }
      return
        "    \(verb.name)) [ \"$COMP_CWORD\" != 2 ] || words='\(choices.joined(separator: " "))' ;;"
    }
    return """
      # Completion of \(name) for bash: source it, or put it where bash-completion looks.
      _\(name)() {
        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]-}
        local flags='' words=''
        if [ "$COMP_CWORD" = 1 ]; then
          mapfile -t COMPREPLY < <(compgen -W '\(verbs.map(\.name).joined(separator: " ")) help \
      --help --version' -- "$cur")
          return
        fi
        case "$verb $prev" in
      \(cases.joined(separator: "\n"))
        esac
        case "$verb" in
      \(flags.joined(separator: "\n"))
        esac
        case "$verb" in
          help) words='\(verbs.map(\.name).joined(separator: " "))' ;;
      \(actions.joined(separator: "\n"))
        esac
        if [[ $cur == -* ]]; then
          mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")
        elif [ -n "$words" ]; then
          mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
        else
          compopt -o filenames
          mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi
      }
      complete -F _\(name) \(name)

      """
  }

  private static func bashValues(_ option: ParameterSpecification) -> String {
    let list =
      switch option.values {
      case .names(let names): "compgen -W '\(names.joined(separator: " "))' -- \"$cur\""
      case .folders: "compgen -d -- \"$cur\""
      case .files: "compgen -f -- \"$cur\""
      case .text: nil as String?
      }
    guard let list else { return "return" }
    let marks = option.values.isPath ? "compopt -o filenames; " : ""
    return "\(marks)mapfile -t COMPREPLY < <(\(list)); return"
  }

  // MARK: zsh

  private static func zsh(_ program: Program, _ verbs: [VerbForm]) -> String {
    let list = verbs.map { "      '\($0.name):\(zshText($0.summary))'" }
    let cases = verbs.map { verb in
      let options = verb.options.map { "        \(zshOption($0))" }
      let positionals = verb.positionals.map { "        \(zshPositional($0))" }
      return "    \(verb.name))\n      _arguments -s \\\n"
        + (options + positionals).joined(separator: " \\\n") + " ;;"
    }
    return """
      #compdef \(program.name)
      # Completion of \(program.name) for zsh: put it as _\(program.name) into a folder of $fpath.
      _\(program.name)() {
        local -a verbs=(
      \(list.joined(separator: "\n"))
            'help:What a verb does.'
        )
        if (( CURRENT == 2 )); then
          _describe verb verbs
          return
        fi
        local verb=$words[2]
        shift words
        (( CURRENT-- ))
        case $verb in
          help) _describe verb verbs ;;
      \(cases.joined(separator: "\n"))
        esac
      }
      _\(program.name) "$@"

      """
  }

  private static func zshOption(_ option: ParameterSpecification) -> String {
    let spellings = option.spellings
    let value =
      option.form == .option ? ":\(option.placeholder.lowercased()):\(zshValues(option))" : ""
    let text = "[\(zshText(option.help))]\(value)"
    let mark = option.isRepeatable ? "*" : ""
    guard spellings.count > 1 else { return "'\(mark)\(spellings[0])\(text)'" }
    return "'(\(spellings.joined(separator: " ")))'{\(spellings.joined(separator: ","))}'\(text)'"
  }

  private static func zshPositional(_ positional: ParameterSpecification) -> String {
    guard case .positional(let minimum, let maximum) = positional.form else { return "" }
    let lead = maximum > 1 ? "*" : minimum == 0 ? ":" : ""
    // In a name, a colon ends it.
    return "'\(lead):\(zshText(positional.help)):\(zshValues(positional))'"
  }

  private static func zshValues(_ specification: ParameterSpecification) -> String {
    switch specification.values {
    case .names(let names): "(\(names.joined(separator: " ")))"
    case .folders: "_files -/"
    case .files: "_files"
    case .text: " "
    }
  }

  /// Inside single quotes, where brackets and colons have a meaning.
  private static func zshText(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "'": result += "'\\''"
      case "[", "]", ":", "\\": result += "\\\(character)"
      default: result.append(character)
      }
    }
  }

  // MARK: fish

  private static func fish(_ program: Program, _ verbs: [VerbForm]) -> String {
    let name = program.name
    var lines = [
      "# Completion of \(name) for fish: put it as \(name).fish into ~/.config/fish/completions.",
      "complete -c \(name) -f -n __fish_use_subcommand -a help -d 'What a verb does.'",
    ]
    for verb in verbs {
      lines.append(
        "complete -c \(name) -f -n __fish_use_subcommand -a \(verb.name) "
          + "-d \(fishText(verb.summary))")
    }
    for verb in verbs {
      let condition = "-n '__fish_seen_subcommand_from \(verb.name)'"
      for option in verb.options {
        var line = "complete -c \(name) \(condition) -l \(option.name.dropFirst(2))"
        if let short = option.short { line += " -s \(short)" }
        if option.form == .option { line += " \(fishValues(option))" }
        lines.append(line + " -d \(fishText(option.help))")
      }
      for positional in verb.positionals {
        guard case .names(let names) = positional.values else { continue }
        lines.append(
          "complete -c \(name) \(condition) -a \(fishText(names.joined(separator: " ")))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func fishValues(_ option: ParameterSpecification) -> String {
    switch option.values {
    case .names(let names): "-x -a \(fishText(names.joined(separator: " ")))"
    case .folders: "-x -a '(__fish_complete_directories)'"
    case .files: "-r -F"
    case .text: "-x"
    }
  }

  private static func fishText(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
    return "'\(escaped)'"
  }
}

/// What can stand as a parameter's value.
private enum CompletedValues {
  case names([String]), folders, files, text

  var isPath: Bool {
    switch self {
    case .folders, .files: true
    case .names, .text: false
    }
  }
}

extension ParameterSpecification {
  /// `--output`, and `-o` where there is one.
  fileprivate var spellings: [String] { [name] + (short.map { ["-\($0)"] } ?? []) }

  fileprivate var values: CompletedValues {
    if !choices.isEmpty { return .names(choices) }
    return switch fileUse {
    case .inputFolder, .outputFolder, .folderOfOutputs: .folders
    case .input, .output: .files
    case nil: .text
    }
  }
}
