"""What a manifest says, by parsers that others wrote: python read.py KIND FILE. Answers with JSON: for each name a list of
[version, revision, digest], each of which may be null.
"""

import json
import re
import sys
import tomllib

import dockerfile
import hcl2
import yaml
from packaging.utils import canonicalize_name
from pip_requirements_parser import RequirementsFile

found = {}


def add(name, version, revision=None, hashes=()):
    digest = ", ".join(sorted({hash for hash in hashes if hash})) or None
    found.setdefault(name, []).append([version, revision, digest])


def requirements(path):
    answer = RequirementsFile.from_file(path)
    assert not answer.invalid_lines, answer.invalid_lines
    for one in answer.requirements:
        if not one.name:
            continue
        hashes = one.hash_options or []
        hashes = [part for option in hashes for part in (option if isinstance(option, list) else [option])]
        revision = re.search(r"@([0-9a-f]{40})(#|$)", one.link.url) if one.link and one.is_vcs_url else None
        pins = [s.version for s in one.specifier or [] if s.operator in ("==", "===") and not s.version.endswith(".*")]
        add(canonicalize_name(one.name), pins[0] if pins else None, revision and revision[1], hashes)


def uv_lock(path):
    for one in tomllib.load(open(path, "rb"))["package"]:
        git = one["source"].get("git")
        files = [one.get("sdist", {}), *one.get("wheels", [])]
        revision = git.split("#")[1] if git else None
        add(canonicalize_name(one["name"]), one.get("version"), revision, [file.get("hash") for file in files])


def poetry_lock(path):
    lock = tomllib.load(open(path, "rb"))
    older = lock.get("metadata", {})
    files = {canonicalize_name(name): files for name, files in older.get("files", {}).items()}
    hashes = {canonicalize_name(name): hashes for name, hashes in older.get("hashes", {}).items()}
    for one in lock.get("package", []):
        name, source = canonicalize_name(one["name"]), one.get("source", {})
        revision = source.get("resolved_reference") if source.get("type") == "git" else None
        own = [file["hash"] for file in one.get("files", files.get(name, []))] or hashes.get(name, [])
        add(name, one["version"], revision, own)


def composer_lock(path):
    lock = json.load(open(path))
    for one in lock["packages"] + lock["packages-dev"]:
        origin = one.get("source") or one.get("dist") or {}
        add(one["name"].lower(), one["version"], origin.get("reference"), [one.get("dist", {}).get("shasum")])


def main_document(path):
    return list(yaml.load_all(open(path), yaml.BaseLoader))[-1]


def pnpm_lock(path):
    lock = main_document(path)
    for key, one in (lock.get("packages") or {}).items():
        key = re.sub(r"\(.*", "", key)
        if lock["lockfileVersion"].startswith("5"):
            name, version = re.fullmatch(r".*?/((?:@[^/]+/)?[^/]+)/([^_/]+)(?:_.*)?", key).groups()
        else:
            name, version = re.fullmatch(r"/?(@?[^@]+)@(.*)", key).groups() if "name" not in one else (None, None)
        resolution = one["resolution"]
        revision = re.search(r"/([0-9a-f]{40})$", resolution.get("tarball", ""))
        revision = resolution.get("commit") or (revision and revision[1])
        add(one.get("name", name), one.get("version", version), revision, [resolution.get("integrity")])


def helm(path):
    for one in main_document(path)["dependencies"]:
        add(one["name"], one["version"])


def terraform_lock(path):
    plain = lambda text: text.strip('"')
    for block in hcl2.load(open(path))["provider"]:
        for address, one in block.items():
            if isinstance(one, dict):
                add(plain(address), plain(one["version"]), None, [plain(hash) for hash in one.get("hashes", [])])


def actions(path):
    root = main_document(path)
    jobs = list(root.get("jobs", {}).values()) + [root.get("runs", {})]
    for job in jobs:
        for step in [job, *(job.get("steps") or [])]:
            name, _, ref = step.get("uses", "./").partition("@")
            if not name.startswith(("./", "docker:")):
                commit = re.fullmatch("[0-9a-f]{40}", ref)
                named = ref if re.search("[0-9]", ref) and not commit else None
                parts = name.lower().split("/")
                for end in range(2, len(parts) + 1):
                    add("/".join(parts[:end]), named, ref if commit else None)


def image(reference):
    reference, _, digest = reference.partition("@")
    name, tag = re.fullmatch(r"(.*?)(?::([^/:]+))?", reference).groups()
    add(re.sub(r"^(docker\.io/)?(library/)?", "", name), tag, None, [digest])


def expanded(text, values):
    def value(match):
        name, otherwise = match[1] or match[3], match[2]
        if name in values:
            return values[name]
        return otherwise if otherwise is not None else match[0]

    return re.sub(r"\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)", value, text)


def docker(path):
    if path.endswith((".yml", ".yaml")):
        for service in main_document(path)["services"].values():
            if "image" in service:
                image(expanded(service["image"], {}))
        return
    values, stages = {}, []
    for one in dockerfile.parse_file(path):
        word = one.cmd.upper()
        if word == "ARG" and not stages:
            for argument in one.value:
                name, given, default = argument.partition("=")
                if given:
                    values[name] = expanded(default.strip("\"'"), values)
        if word == "FROM":
            base = expanded(one.value[0], values)
            if base.lower() not in stages:
                image(base)
            stages.append(one.value[2].lower() if len(one.value) > 2 else "")
        if word in ("COPY", "ADD", "RUN"):
            for flag in one.flags:
                other = re.match(r"--(?:mount=.*\b)?from=([^,]*)", flag)
                if other and other[1].lower() not in stages and not other[1].isdigit():
                    image(other[1])


kind, path = sys.argv[1:]
globals()[kind.replace("-", "_")](path)
print(json.dumps(found))
