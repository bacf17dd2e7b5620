//! Component detectors written as plugins.

use super::host::{bundled, library};
use relwf::components::{PluginDetector, Version};
use relwf::script::Library;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn detect(library: &Library, plugin: &str, text: &str) -> Result<Option<Version>, String> {
    let files = BTreeMap::from([("Dockerfile".to_owned(), text.to_owned())]);
    library.version(plugin, &files, &json!({ "stage": "x" })).map_err(|failure| {
        let at = failure.at.map(|at| at.to_string()).unwrap_or_default();
        format!("{}: {} ({at})", failure.kind.word(), failure.message)
    })
}

#[test]
fn dockerfiles_name_their_base_image() {
    let library = bundled();
    let image = |text: &str| serde_json::to_value(detect(&library, "dockerfile", text).unwrap()).unwrap();
    assert_eq!(image("FROM alpine:3.20\nRUN true\n"), json!({ "version": "3.20", "source": "alpine" }));
    assert_eq!(
        image("from reg.example:5000/a/b:v1@sha256:12\n"),
        json!({
            "version": "v1", "revision": "sha256:12", "source": "reg.example:5000/a/b"
        })
    );
    let staged = "FROM golang:1.22 AS build\nRUN x\nFROM --platform=linux/amd64 debian:12 AS base\nFROM base\n";
    assert_eq!(image(staged), json!({ "version": "12", "source": "debian" }));
    let floating = |image: &str| json!({ "source": "node", "floating": true, "definition": image });
    assert_eq!(image("FROM node\n"), floating("node"));
    assert_eq!(image("ARG V\nFROM node:${V}\n"), floating("node:${V}"));
    for text in ["ARG V=1\nFROM node:${V}\n", "ARG W=1\nARG V=\"$W\"\nFROM node:$V\n", "FROM node:${V:-1}\n"] {
        assert_eq!(image(text), json!({ "version": "1", "source": "node" }), "{text}");
    }
    assert_eq!(image("FROM scratch\n"), Value::Null);
    assert_eq!(image("# nothing\n"), Value::Null);
}

#[test]
fn detectors_are_pure_and_limited() {
    let plugin = |body: &str| {
        let head = "const PLUGIN = #{ name: \"d\", version: \"1\", capabilities: [\"git\"] };";
        let library = library(&[("plugins/d.rhai", &format!("{head}\n{body}"))]);
        detect(&library, "d", "text").map(|version| version.and_then(|version| version.version))
    };
    assert_eq!(plugin("fn version(files) { files.Dockerfile }"), Ok(Some("text".into())));
    assert_eq!(plugin("fn version(files, options) { options.stage }"), Ok(Some("x".into())));
    assert_eq!(plugin("fn version(files) { }"), Ok(None));
    for (body, error) in [
        (
            "fn version(files) { git::sync(); }",
            "script: `git::sync` cannot be called by a detector (plugins/d.rhai:2:26)",
        ),
        ("fn version(files) { loop { } }", "script: stopped after 50 million operations (plugins/d.rhai:2:21)"),
        ("fn version(files) { throw \"no version\" }", "thrown: no version (plugins/d.rhai:2:21)"),
        (
            "fn version(files) { 1 }",
            "script: `version` must return a string, a map or (), not the number 1 (plugins/d.rhai)",
        ),
        (
            "fn version(files) { #{ versoin: 1 } }",
            "script: a version knows no `versoin`; did you mean `version`? (plugins/d.rhai)",
        ),
        (
            "fn versions(files) { }",
            "script: the plugin `d` is no detector: it has no `fn version(files)` (plugins/d.rhai)",
        ),
    ] {
        let found = plugin(body).unwrap_err();
        assert!(
            found == error || (body.contains("loop") && found.starts_with("script: stopped after 50 million")),
            "{found}"
        );
    }
    let missing = detect(&bundled(), "dokerfile", "").unwrap_err();
    assert_eq!(missing, "not-found: there is no plugin `dokerfile` ()");
}
