"""What the documents say is what the programs do: settings, commands, man pages, scripts."""

import os
import re
import shutil
import subprocess
import textwrap

import pytest

from house import PROGRAMS, SOURCE_DIR

MAN_DIR = SOURCE_DIR / "etc/man"
BEGIN, END = '.\\" the settings, as settings_table.c has them\n', '.\\" the end of the settings\n'
SETTING_NAME = re.compile(r"\b(?:EXTRACTOR|HOOPSCOUT|POSTGRES|SCHEDULER|STATIC_DATASET)_[A-Z_]+[A-Z]\b")
BEGIN_CONVERSIONS, END_CONVERSIONS = \
    '.\\" the conversions, as convert.c has them\n', '.\\" end of the conversions\n'


def table():
    """The rows of settings_table.c, read from its text: a list of dictionaries."""
    text = (SOURCE_DIR / "common/settings_table.c").read_text()
    text = re.sub(r"\bMAX_PORT\b", "65535", text)
    rows = []
    for body in re.findall(r"\[HS_SET_\w+\] = \{(.*?)\n\t\},", text, re.S):
        row = {name: "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', pieces)) for name, pieces in
               re.findall(r'\.(\w+) =((?:\s*"(?:[^"\\]|\\.)*")+)', body)}
        row["type"] = re.search(r"HS_TYPE_(\w+)", body).group(1)
        row["needs_restart"] = "needs_restart = true" in body
        for bound in ("min", "max"):
            found = re.search(rf"\.{bound} = (\d+)(?:LL)?(?: << (\d+))?,", body)
            row[bound] = int(found.group(1)) << int(found.group(2) or 0) if found else 0
        rows.append(row)
    assert len(rows) > 20, "settings_table.c is no longer laid out as this test reads it"
    return rows


def mdoc_text(text):
    """A sentence of the table as a line of mdoc."""
    text = text.replace("\\", "\\e").replace("`", "\\(oq").replace("'", "\\(aq")
    return "\\&" + text if text[:1] in ".'" else text


def size_text(number):
    for unit, shift in (("G", 30), ("M", 20), ("K", 10)):
        if number and number % (1 << shift) == 0:
            return f"{number >> shift}{unit}"
    return str(number)


def settings_in_mdoc():
    """The man page's list, made from the table."""
    lines = [".Bl -tag -width Ds"]
    for row in table():
        lines.append(f".It Ev {row['name']}")
        lines += textwrap.wrap(mdoc_text(row["help"]), 78, break_on_hyphens=False)
        default = row.get("fallback_words") or row["fallback"]
        lines += textwrap.wrap(f"Default: {mdoc_text(default)}.", 78, break_on_hyphens=False)
        if row["type"] == "SECONDS":
            lines.append(f"{row['min']} to {row['max']} seconds.")
        elif row["type"] == "BYTES":
            lines.append(f"{size_text(row['min'])} to {size_text(row['max'])}.")
        elif row["max"]:
            lines.append(f"{row['min']} to {row['max']}.")
        if row.get("secret"):
            lines.append("Never shown.")
        if row["needs_restart"]:
            lines.append("A change takes a restart.")
    return "\n".join(lines + [".El"]) + "\n"


def conversions_in_mdoc():
    """The list of conversions, made from convert.c's table as its text has it."""
    takes = {"TAKES_NOTHING": "", "MAY_HAVE_PLACES": " : Op Ar PLACES", "NEEDS_NUMBER": " : Ar NUMBER",
             "NEEDS_TEXT": " : Ar TEXT", "MAY_HAVE_TEXT": " : Op Ar TEXT", "NEEDS_DATE_FORMAT": " : Ar FORMAT",
             "MAY_HAVE_KEEP": " : Op Cm keep"}
    text = (SOURCE_DIR / "daemons/extractor/convert.c").read_text()
    rows = re.findall(r'^\t\{ "(\w+)", CONVERT_(\w+),(.*?) \},$', text, re.M | re.S)
    assert len(rows) > 25, "convert.c is no longer laid out as this test reads it"
    lines = [".Bl -tag -width Ds"]
    for name, takes_what, rest in rows:
        strings = re.findall(r'"((?:[^"\\]|\\.)*)"', rest)
        if "convert_by_factor" in rest:
            strings = strings[1:]   # the factor
        sentence = "".join(strings).replace('\\"', '"')
        lines.append(f".It Ic {name}{takes[takes_what]}")
        lines += textwrap.wrap(mdoc_text(sentence[0].upper() + sentence[1:]) + ".", 78, break_on_hyphens=False)
        if takes_what == "MAY_HAVE_PLACES":
            lines.append("Without PLACES, " + re.match(r" (\d),", rest).group(1) + ".")
    return "\n".join(lines + [".El"]) + "\n"


@pytest.mark.parametrize("name, begin, end, wanted", [
    ("hoopscout.conf.5", BEGIN, END, settings_in_mdoc),
    ("hoopscout-mapping.5", BEGIN_CONVERSIONS, END_CONVERSIONS, conversions_in_mdoc),
])
def test_man_page_has_the_table(name, begin, end, wanted):
    page = MAN_DIR / name
    before, _, rest = page.read_text().partition(begin)
    got, _, after = rest.partition(end)
    want = wanted()
    if os.environ.get("HOOPSCOUT_UPDATE_DOCS") == "1":
        page.write_text(before + begin + want + end + after)
        return
    assert got == want, f"{name} differs from the table; HOOPSCOUT_UPDATE_DOCS=1 rewrites its list"


def test_env_example_has_the_settings():
    text, _, rest = (SOURCE_DIR / ".env.example").read_text().partition("# The rest is for docker compose")
    assert re.findall(r"^#?([A-Z_]+)=", text, re.M) == [row["name"] for row in table()]
    assert re.findall(r"^#?([A-Z_]+)=", rest, re.M) == ["APP_IMAGE_TAG", "NGINX_IMAGE_TAG", "HOOPSCOUT_PUBLISH"]


def test_config_has_the_settings(bare_house):
    shown = bare_house.hsctl("config", as_json=True).json["result"]["settings"]
    assert [row["name"] for row in shown] == [row["name"] for row in table()]


@pytest.mark.parametrize("name", ["README", "etc/hoopscout.conf", "bootstrap", "etc/man/hsd-supervisor.8",
                                  "etc/man/hsd-extractor.8", "etc/man/hsd-importer.8", "etc/man/hsd-web.8",
                                  "etc/man/hsctl.1"])
def test_documents_name_only_settings_that_are(name):
    known = {row["name"] for row in table()} | {"HOOPSCOUT_CONF", "HOOPSCOUT_NO_BROWSER"}
    named = set(SETTING_NAME.findall((SOURCE_DIR / name).read_text()))
    assert named - known == set()


@pytest.mark.parametrize("name", ["README", "etc/man/hsd-supervisor.8", "etc/man/hsd-extractor.8", "etc/man/hsd-importer.8",
                                  "etc/man/hsd-web.8", "etc/man/hoopscout.conf.5"])
def test_documents_name_only_commands_that_are(programs, name):
    text = (SOURCE_DIR / name).read_text()
    spoken = re.findall(r"(?:build/|`|\.Ql )hsctl ((?:[a-z]+ ?)+)", text)
    for words in spoken:
        for count in (2, 1):    # "import list", "status"
            line = [programs.path("hsctl"), *words.split()[:count], "--help"]
            if subprocess.run(line, capture_output=True, check=False).returncode == 0:
                break
        else:
            pytest.fail(f"{name} speaks of 'hsctl {words}', which hsctl does not know")


@pytest.mark.parametrize("page", sorted(MAN_DIR.glob("*.[1-8]")), ids=lambda page: page.name)
def test_man_page_is_clean(page):
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", str(page)], check=False,
                          capture_output=True, text=True)
    # whether the others are installed on this machine says nothing about the page
    said = [line for line in (done.stdout + done.stderr).splitlines() if "referenced manual not found" not in line]
    assert said == []


def test_scripts_are_clean():
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    scripts = [SOURCE_DIR / "bootstrap", SOURCE_DIR / ".ci/run", *SOURCE_DIR.glob("tests/**/*.sh"),
               SOURCE_DIR / "etc/version.sh", SOURCE_DIR / "etc/debian/prerm", SOURCE_DIR / "etc/debian/postrm"]
    done = subprocess.run(["shellcheck", *map(str, scripts)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_explain_themselves(programs, name):
    done = subprocess.run([programs.path(name), "--help"], check=False, capture_output=True, text=True)
    assert done.returncode == 0 and name in done.stdout, done.stderr
    done = subprocess.run([programs.path(name), "--no-such-option"], check=False, capture_output=True, text=True)
    assert done.returncode in (2, 64) and done.stderr, "an unknown option is refused"
