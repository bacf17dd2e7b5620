//! An image that a Dockerfile builds on, or that a compose file runs: <https://docs.docker.com/reference/>.

mod compose;
mod dockerfile;
mod variables;

use super::{Detector, DetectorDeclaration, named};
use crate::components::Version;
use crate::document::{Language, LocatedText, REQUIRED, RepoFile, Table, keys, or};

keys! {
    /// A Dockerfile, or a compose file, whose name ends with `.yml` or `.yaml`.
    FILE: RepoFile = "file", or("Dockerfile");
    /// The image, like `golang` or `registry.example/acme/ppc`.
    IMAGE: LocatedText = "image", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration = DetectorDeclaration {
    word: "docker",
    doc: "An image that a Dockerfile or a compose file names, with tag and digest.",
    keys: KEYS,
    read,
};

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    named::read(table, FILE, IMAGE, "image", |commit, file, image| {
        if file.ends_with(".yml") || file.ends_with(".yaml") {
            let folder = file.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            let env = commit.manifests.text(&format!("{folder}.env"))?;
            return commit.with(file, Language::Yaml, |root| {
                named::table(root, file)?;
                Ok(found(compose::images(root, env.as_deref().unwrap_or_default()), image))
            });
        }
        match commit.manifests.text(file)? {
            Some(text) => Ok(found(dockerfile::images(&text, file)?, image)),
            None => Ok(None),
        }
    })
}

/// An image that is named somewhere.
struct Named {
    /// With its variables' values. Where one of them is not known, the rest may be known all the same.
    resolved: Result<String, String>,
    /// As it is written.
    written: String,
}

/// Every occurrence of an image, in order.
fn found(all: Vec<Named>, image: &str) -> Option<Version> {
    Version::all(all.into_iter().filter_map(|named| {
        let (Ok(resolved) | Err(resolved)) = &named.resolved;
        let (name, tag, digest) = parts(resolved);
        if canonical(name) != canonical(parts(image).0) {
            return None;
        }
        let known = |part: &&str| !part.contains('$');
        let (tag, digest) = (tag.filter(known), digest.filter(known));
        let floating = digest.is_none() && matches!(tag, None | Some("latest"));
        Some(Version {
            version: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
            floating,
            definition: floating.then_some(named.written.clone()),
            ..Version::default()
        })
    }))
}

/// Name, tag and digest of `host:5000/acme/ppc:1.0@sha256:…`.
fn parts(reference: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, digest) = reference.split_once('@').map_or((reference, None), |(rest, digest)| (rest, Some(digest)));
    let path = rest.rfind('/').map_or(0, |slash| slash + 1);
    match rest[path..].split_once(':') {
        Some((last, tag)) => (&rest[..path + last.len()], Some(tag), digest),
        None => (rest, None, digest),
    }
}

/// `docker.io/library/golang` is `golang`: <https://github.com/distribution/reference>.
fn canonical(name: &str) -> &str {
    let hub = ["docker.io/", "index.docker.io/"].iter().find_map(|hub| name.strip_prefix(*hub)).unwrap_or(name);
    hub.strip_prefix("library/").unwrap_or(hub)
}
