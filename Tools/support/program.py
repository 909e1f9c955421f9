"""A program whose subcommands are modules of a folder: `Tools/crosscheck` and `Tools/benchmark`.

A module with a function `main` is a subcommand of its name. Its docstring is its help, of which the
first sentence stands in the list; `add_arguments(parser)` adds its options to those that all have;
`main(arguments)` says by False that something differs, which gives exit status 1.
"""

import argparse
import ast
import hashlib
import importlib
import os
import pathlib
import subprocess
import sys
import textwrap

TOOLS = pathlib.Path(__file__).resolve().parents[1]
ROOT = TOOLS.parent
REQUIREMENTS = TOOLS / "requirements.txt"
ENTERED = "OCTET_PEERS_ENTERED"


def enter_environment(missing):
    """Runs this command again in a virtual environment with the packages of requirements.txt, in
    ~/.cache/octet-peers or where OCTET_PEERS_VENV says; makes it where there is none."""
    folder = pathlib.Path(os.environ.get("OCTET_PEERS_VENV") or "~/.cache/octet-peers").expanduser()
    if os.environ.get(ENTERED):
        sys.exit(f"{folder} has no package {missing}; remove the folder to have it made again")
    python, mark = folder / "bin/python", folder / "octet-requirements"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    # An environment that somebody else made is taken as it is.
    is_ours = mark.exists() or not python.exists()
    if is_ours and not (mark.exists() and mark.read_text() == wanted):
        print(f"installing {REQUIREMENTS.name} in {folder}", file=sys.stderr)
        try:
            # There from the beginning, so that an environment cut off is known for ours.
            folder.mkdir(parents=True, exist_ok=True)
            mark.write_text("")
            for command in ([sys.executable, "-m", "venv", folder],
                            [python, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS]):
                subprocess.run(command, stdout=sys.stderr, check=True)
            mark.write_text(wanted)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"{folder}: the environment could not be made: {error}")
    os.environ[ENTERED] = "1"
    os.execv(python, [python, *sys.argv])


def subcommands(folder):
    """The docstring of each module that has a function `main`, by name."""
    found = {}
    for path in sorted((TOOLS / folder).glob("*.py")):
        tree = ast.parse(path.read_text())
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            found[path.stem.replace("_", "-")] = ast.get_docstring(tree)
    return found


def first_sentence(text):
    text = " ".join(text.split("\n\n")[0].split())
    return text.split(". ")[0].removesuffix(".")


def overview(program, description, known):
    width = max(map(len, known)) + 4
    lines = [f"usage: {program} NAME [OPTIONS]; {program} NAME --help", "", description, ""]
    for name, text in known.items():
        lines += textwrap.wrap(
            first_sentence(text), 100, initial_indent=f"  {name:<{width - 2}}",
            subsequent_indent=" " * width)
    return "\n".join(lines)


def run(folder, description):
    """The command line of `Tools/PROGRAM NAME …`; exit status 64 for what it does not know."""
    program = f"Tools/{pathlib.Path(sys.argv[0]).name}"
    known = subcommands(folder)
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        print(overview(program, description, known), file=sys.stdout if words else sys.stderr)
        sys.exit(0 if words else 64)
    name, *rest = words
    if name not in known:
        names = ", ".join(known)
        print(f"{program}: there is no '{name}'; there are {names}", file=sys.stderr)
        sys.exit(64)
    # Processes that a subcommand starts find its modules too.
    os.environ["PYTHONPATH"] = str(TOOLS)
    wants_help = "-h" in rest or "--help" in rest
    try:
        module = importlib.import_module(f"{folder}.{name.replace('-', '_')}")
    except ModuleNotFoundError as error:
        if wants_help:
            print(f"{known[name]}\n\n(its options need the package {error.name})")
            sys.exit(0)
        enter_environment(error.name)
    parser = argparse.ArgumentParser(
        prog=f"{program} {name}", description=known[name],
        formatter_class=argparse.RawDescriptionHelpFormatter)
    module.add_arguments(parser)
    try:
        arguments = parser.parse_args(rest)
    except SystemExit as end:
        sys.exit(64 if end.code else 0)
    try:
        sys.exit(module.main(arguments) is False)
    except ModuleNotFoundError as error:
        # Of a package that is imported late, for the sake of the others' speed.
        enter_environment(error.name)
    except FileNotFoundError as error:
        print(f"{program} {name}: {error.filename}: no such file; of the data folder, "
              "Tools/fetch-conformance gets what is public", file=sys.stderr)
        sys.exit(66)
