"""Completion of hsctl's words, in the shells themselves: each command, each option, each kind of value."""

import re
import shutil
import subprocess

import pytest

WALK = r"""
. "$1"; cd "$2"
while IFS=$'\t' read -r -a typed; do        # one line: the words after hsctl, the last of them completed
    COMP_WORDS=(hsctl "${typed[@]/#-empty-/}") COMP_CWORD=${#typed[@]}
    _hsctl
    (IFS=' '; echo "${COMPREPLY[*]}")
done
"""
# zsh's own functions need a line editor: these print what they are given, the words before the colon
ZSH_WALK = r"""
compdef() { : }
_describe() { [[ $1 == -o ]] && shift; local -a items; items=("${(@P)2}"); offered+=("${(@)items%%:*}") }
_files() { offered+=(*) }
_message() { offered=() }
compadd() { shift; offered=("$@") }
. "$1"; cd "$2"
while IFS= read -r line; do
    offered=() words=(hsctl "${(@)${(@ps:\t:)line}/#-empty-/}") CURRENT=$(( ${#words} ))
    _hsctl
    echo "${(j: :)offered}"
done
"""
SHELLS = ["bash", "zsh"]


@pytest.fixture(scope="module")
def hsctl(programs):
    def run(*words):
        return subprocess.run([programs.path("hsctl"), *words], check=True, capture_output=True, text=True).stdout
    return run


@pytest.fixture(scope="module", params=SHELLS)
def ask(request, hsctl, tmp_path_factory):
    """Completes several lines at once: ask([["import", ""], ...]) -> [["now", ...], ...]."""
    shell = request.param
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    folder = tmp_path_factory.mktemp(shell)
    (folder / "here").mkdir()
    (folder / "here" / "a b.json").touch()
    (folder / "script").write_text(hsctl("completion", shell))

    def complete(lines):
        asked = "".join("\t".join(word or "-empty-" for word in line) + "\n" for line in lines)
        done = subprocess.run([shell, "-f" if shell == "zsh" else "--norc", "-c", ZSH_WALK if shell == "zsh" else WALK,
                               shell, str(folder / "script"), str(folder / "here")], input=asked, check=False,
                              capture_output=True, text=True)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        answers = [line.split(" ") if line else [] for line in done.stdout.splitlines()]
        assert len(answers) == len(lines)
        return answers
    return complete


def commands(hsctl):
    """{words: options}, as --help lists them."""
    listed = re.findall(r"^  ((?:[a-z]+ ?)+?)(?: [A-Z\[].*|  .*)?$", hsctl("--help").split("'hsctl COMMAND")[0], re.M)
    found = {}
    for words in (words.strip() for words in listed):
        page = hsctl(*words.split(), "--help").split("Options everywhere")[0]
        found[words] = re.findall(r"^  (?:-[a-z], )?--([a-z-]+)", page, re.M)
    return found


def test_every_word_and_option(ask, hsctl):
    table = commands(hsctl)
    assert len(table) > 40 and table["import list"] == ["limit"] and "version" in table
    groups = {words.split()[0] for words in table if " " in words}
    first = {words.split()[0] for words in table}
    asked = [[""], *([group, ""] for group in sorted(groups)), *([*words.split(), "--"] for words in table)]
    answers = ask(asked)
    assert set(answers[0]) == first
    for group, answer in zip(sorted(groups), answers[1:]):
        file = {"a", "b.json"} if group in table else set()     # a command by itself, too: of a file
        assert set(answer) == file | {words.split()[1] for words in table if words.startswith(group + " ")}
    everywhere = {"--json", "--socket", "--help"}
    for (words, options), answer in zip(table.items(), answers[1 + len(groups):]):
        assert set(answer) == everywhere | {f"--{name}" for name in options}, words


@pytest.mark.parametrize("typed, want", [
    ("start|", "web importer extractor"),
    ("start|web|", ""),                             # one is all
    ("user|role|ann|", "viewer scout admin"),
    ("user|role|--force|ann|", "viewer scout admin"),
    ("user|create|--role|", "viewer scout admin"),
    ("--socket|/x|user|create|ann|--role|", "viewer scout admin"),
    ("--json|import|list|--limit|", ""),
    ("completion|", "bash zsh"),
    ("snapshot|check|", "a b.json"),
    ("extractor|run|bbr|--output-path|", "a b.json"),
    ("backup|", "verify a b.json"),                 # a command, and the first word of another
    ("backup|verify|", "a b.json"),
    ("backup|--force|", "verify a b.json"),
    ("backup|x|", ""),
    ("backup|x|verify|", ""),
    ("--socket|", "a b.json"),
    ("nonsense|", ""),
    ("import|nonsense|", ""),
])
def test_values(ask, typed, want):
    assert " ".join(ask([typed.split("|")])[0]) == want


@pytest.mark.parametrize("ask", ["bash"], indirect=True)      # zsh itself drops what does not begin as typed
@pytest.mark.parametrize("typed, want", [
    ("imp", "import"),
    ("import|li", "list"),
    ("user|create|--role|=|s", "scout"),            # --role=s, as readline cuts it
    ("user|create|--role|=", "viewer scout admin"),
    ("user|role|--r", ""),
    ("backup|x|--f", "--force"),
    ("backup|ver", "verify"),
    ("snapshot|check|a", "a b.json"),
])
def test_what_was_begun(ask, typed, want):
    assert " ".join(ask([typed.split("|")])[0]) == want


def test_bash_calls_it(hsctl):
    done = subprocess.run(["bash", "--norc", "-c", 'eval "$1"; complete -p hsctl', "bash", hsctl("completion", "bash")],
                          check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "complete -F _hsctl hsctl"


@pytest.mark.parametrize("shell", SHELLS)
def test_shells_find_no_fault(hsctl, shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n"], input=hsctl("completion", shell), check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    if shell == "bash" and shutil.which("shellcheck"):
        done = subprocess.run(["shellcheck", "-s", "bash", "-"], input=hsctl("completion", shell), check=False,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
