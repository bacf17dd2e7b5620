"""What manifests say, by parsers that others wrote: python read.py KIND, with a path in each line of the input. Answers with a
line of JSON for each: `found` has for each name a list of [version, revision, digest], each of which may be null; `error` says
why the other parser refuses the file, `omitted` why there is nothing to compare.
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
from tree_sitter_language_pack import get_parser

found = {}


class Omitted(Exception):
    pass


def add(name, version, revision=None, hashes=()):
    digest = ", ".join(sorted({hash for hash in hashes if hash})) or None
    found.setdefault(name, []).append([version, revision, digest])


def requirements(path):
    answer = RequirementsFile.from_file(path)
    for one in answer.invalid_lines:
        if "legacy option" in (one.error_message or ""):
            raise Omitted("an option that only older pips knew")
        if re.search(r"^[^ ]+/[^ ]+\.whl$", one.line):
            raise Omitted("a path that only pip reads, which looks whether it is there")
        raise ValueError(f"{one.line}: {one.error_message}")
    for one in answer.requirements:
        if not one.name:
            continue
        hashes = one.hash_options or []
        hashes = [part for option in hashes for part in (option if isinstance(option, list) else [option])]
        revision = re.search(r"@([0-9a-f]{7,40})(#|$)", one.link.url) if one.link and one.is_vcs_url else None
        pins = [s.version for s in one.specifier or [] if s.operator in ("==", "===") and not s.version.endswith(".*")]
        if one.link and one.link.filename.endswith(".whl"):
            pins = [one.link.filename.split("-")[1]]
        add(canonicalize_name(one.name), pins[0] if pins else None, revision and revision[1], hashes)


def gopkg(path):
    for one in toml(path).get("projects", []):
        add(one["name"], one.get("version") or None, one["revision"] or None)


def go_mod(path):
    # The grammar is older than `godebug`, and wants an end of the last line.
    text = re.sub(r"(?m)^godebug .*", "", open(path).read()) + "\n"
    root = get_parser("gomod").parse(text.encode()).root_node
    if root.has_error and re.search("=> */", text):
        raise Omitted("the grammar has no absolute paths")
    if root.has_error:
        raise ValueError("no go.mod")
    plain = lambda node: node.text.decode().strip("\"`")
    entries = lambda kind: [[plain(part) for part in entry.children if part.type == "=>" or part.is_named and part.type != "comment"]
                            for node in root.children if node.type == f"{kind}_directive"
                            for entry in node.children if entry.type == f"{kind}_spec"]
    replaced = {}
    for words in entries("replace"):
        arrow = words.index("=>")
        replaced[tuple(words[:arrow])] = words[arrow + 1 :]
    for name, version in entries("require"):
        to = replaced.get((name, version)) or replaced.get((name,)) or [name, version]
        add(name, to[1] if len(to) > 1 else None)


def cargo_lock(path):
    lock = toml(path)
    for one in lock.get("package", []):
        source = one.get("source", "")
        sum = one.get("checksum") or lock.get("metadata", {}).get(f"checksum {one['name']} {one['version']} ({source})")
        revision = source.split("#")[1] if source.startswith("git+") and "#" in source else None
        add(one["name"], one["version"], revision, [sum])


def npm_lock(path):
    lock = json.load(open(path))

    def entry(name, one):
        version = one.get("version")
        names = {name, one.get("name", name)}
        address = one.get("resolved") or ""  # npm 6 wrote `false` for what comes inside of another package
        # Before npm 7 the version is an address where it is none, and `npm:name@1.0.0` for an alias.
        if version and version.startswith("npm:"):
            target, _, version = version[4:].rpartition("@")
            names.add(target)
        elif version and ":" in version:
            address, version = version, None
        revision = address.split("#")[1] if address.startswith("git") and "#" in address else None
        for name in names:
            add(name, version, revision, [one.get("integrity")])

    def older(node):
        for name, one in node.get("dependencies", {}).items():
            entry(name, one)
            older(one)

    if "packages" not in lock:
        older(lock)
    for key, one in lock.get("packages", {}).items():
        if "node_modules/" in key:
            entry(key.rsplit("node_modules/", 1)[1], lock["packages"].get(one["resolved"], one) if one.get("link") else one)


def toml(path):
    return tomllib.load(open(path, "rb"))


def uv_lock(path):
    lock = toml(path)
    if "distribution" in lock:
        raise Omitted("uv had another format before 0.3, and does not read it any more")
    for one in lock.get("package", []):
        git = one["source"].get("git")
        files = [one.get("sdist", {}), *one.get("wheels", [])]
        revision = git.split("#")[1] if git else None
        add(canonicalize_name(one["name"]), one.get("version"), revision, [file.get("hash") for file in files])


def poetry_lock(path):
    lock = toml(path)
    older = lock.get("metadata", {})
    files = {canonicalize_name(name): files for name, files in older.get("files", {}).items()}
    hashes = {canonicalize_name(name): hashes for name, hashes in older.get("hashes", {}).items()}
    for one in lock.get("package", []):
        name, source = canonicalize_name(one["name"]), one.get("source", {})
        # Before 1.1 the reference was what the lock resolved it to.
        revision = source.get("resolved_reference") or source.get("reference") if source.get("type") == "git" else None
        own = [file["hash"] for file in one.get("files", files.get(name, []))] or hashes.get(name, [])
        add(name, one["version"], revision, own)


def composer_lock(path):
    lock = json.load(open(path))
    for one in (lock.get("packages") or []) + (lock.get("packages-dev") or []):
        origin = one.get("source") or one.get("dist") or {}
        # The first format had no more than this.
        name, reference = one.get("name") or one["package"], origin.get("reference") or one.get("source-reference")
        add(name.lower(), one["version"], reference, [one.get("dist", {}).get("shasum")])


def first_document(path):
    root = next(yaml.load_all(open(path), yaml.CBaseLoader), None) or {}
    if not isinstance(root, dict):
        raise ValueError("no table")
    return root


def pnpm_lock(path):
    # pnpm's own packages may be locked in a document before the project's.
    lock = list(yaml.load_all(open(path), yaml.CBaseLoader))[-1]
    for key, one in (lock.get("packages") or {}).items():
        if not isinstance(one, dict):
            raise Omitted("nothing stands below a package: it was merged wrongly")
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
    for one in first_document(path).get("dependencies", []):
        add(one["name"], one["version"])


def terraform_lock(path):
    plain = lambda text: text.strip('"')
    for block in hcl2.load(open(path))["provider"]:
        for address, one in block.items():
            if isinstance(one, dict):
                add(plain(address), plain(one["version"]), None, [plain(hash) for hash in one.get("hashes", [])])


def actions(path):
    root = first_document(path)
    jobs = list(root.get("jobs", {}).values()) + [root.get("runs", {})]
    for job in jobs:
        for step in [job, *(isinstance(job, dict) and job.get("steps") or [])]:
            if not isinstance(step, dict) or "uses" not in step:
                continue
            name, _, ref = step["uses"].partition("@")
            if not name.startswith(("./", "docker:")):
                commit = re.fullmatch("[0-9a-f]{40}", ref)
                named = ref if re.search("[0-9]", ref) and not commit else None
                parts = name.lower().split("/")
                for end in range(2, len(parts) + 1):
                    add("/".join(parts[:end]), named, ref if commit else None)


def image(reference):
    reference, _, digest = reference.partition("@")
    name, tag = re.fullmatch(r"(.*?)(?::([^/:]+))?", reference).groups()
    if "$" in name:
        return  # which image it is depends on a variable
    known = lambda part: part if part and "$" not in part else None
    add(re.sub(r"^(docker\.io/)?(library/)?", "", name), known(tag), None, [known(digest)])


def expanded(text, values):
    def value(match):
        name, otherwise = match[1] or match[3], match[2]
        if values.get(name) or name in values and otherwise is None:
            return values[name]
        return match[0] if otherwise is None else otherwise

    before = None
    while text != before:  # from the inside
        before, text = text, re.sub(r"\$\{(\w+)(?::?-([^${}]*))?\}|\$(\w+)", value, text)
    return text


INSTRUCTIONS = """ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME
WORKDIR""".split()


def docker(path):
    if path.endswith((".yml", ".yaml")):
        root = first_document(path)
        for service in root.get("services", {} if "version" in root else root).values():
            if "image" in service and isinstance(service, dict):
                image(expanded(service["image"], {}))
        return
    values, stages = {}, []
    for one in dockerfile.parse_file(path):
        word = one.cmd.upper()
        if word not in INSTRUCTIONS or word == "FROM" and [w.upper() for w in one.value[1:-1]] not in ([], ["AS"]):
            raise ValueError(f"BuildKit knows no {one.original}")
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


read = globals()[sys.argv[1].replace("-", "_")]
for path in sys.stdin.read().splitlines():
    found.clear()
    try:
        read(path)
        answer = {"found": found}
    except Omitted as why:
        answer = {"omitted": str(why)}
    except Exception as error:
        answer = {"error": " ".join(f"{type(error).__name__}: {error}".split())}
    print(json.dumps(answer))
