import OctetCommand

/// What the tool says of itself, for shells and for man.
struct Completion: Verb {
  let name = "completion"
  let summary = "Print what a shell needs to complete octet's command lines."
  let shell = Positional<ShellCompletion>("bash|zsh|fish", .choice, help: "The shell.")
  let example = "octet completion bash > ~/.local/share/bash-completion/completions/octet"
  var parameters: [any Parameter] { [shell] }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let script = arguments[shell].script(for: .octet)
    return Outcome(["script": script], text: script)
  }
}

struct Manual: Verb {
  let name = "manual"
  let summary = "Print octet's manual page."
  let example = "octet manual | man -l -"
  var parameters: [any Parameter] { [] }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let page = ManualPage.text(of: .octet)
    return Outcome(["manual": page], text: page)
  }
}
