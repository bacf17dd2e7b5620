//! A provider in Terraform's and OpenTofu's lock: <https://developer.hashicorp.com/terraform/language/files/dependency-lock>.

use super::{Detector, DetectorDeclaration, named};
use crate::components::Version;
use crate::document::{self, LineIndex, LocatedText, REQUIRED, RepoFile, Table, keys, or};
use crate::model::Failure;
use hcl_edit::Span;
use hcl_edit::structure::{Block, Body};

keys! {
    /// The file.
    FILE: RepoFile = "file", or(".terraform.lock.hcl");
    /// The provider, like `acme/ppc`, or with its registry.
    PROVIDER: LocatedText = "provider", REQUIRED;
}

pub(super) const DECLARED: DetectorDeclaration = DetectorDeclaration {
    word: "terraform-lock",
    doc: "A provider in Terraform's or OpenTofu's `.terraform.lock.hcl`.",
    keys: KEYS,
    read,
};

fn read(table: &mut Table<'_, '_>) -> Option<Box<dyn Detector>> {
    named::read(table, FILE, PROVIDER, "provider", |commit, file, provider| {
        commit.manifests.text(file)?.map_or(Ok(None), |text| detect(&text, file, provider))
    })
}

/// Where providers come from when nothing else is said: Terraform's own, and OpenTofu's.
const REGISTRIES: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

fn detect(text: &str, file: &str, provider: &str) -> Result<Option<Version>, Failure> {
    let body: Body = text.parse().map_err(|error: hcl_edit::parser::Error| {
        let at = LineIndex::new(text).at(error.location().offset());
        document::broken(format!("`{file}` is not valid HCL: {}", error.message()), file, at)
    })?;
    let mut locked = Vec::new();
    for block in body.get_blocks("provider") {
        let [label] = block.labels.as_slice() else { continue };
        if let Some(source) = matching(label.as_str(), provider) {
            locked.push(Version { source, ..version(block, text, file, provider)? });
        }
    }
    Ok(Version::all(locked))
}

/// Is this address (`registry.terraform.io/acme/ppc`) the provider's? Then what of it is not its name.
fn matching(address: &str, provider: &str) -> Option<Option<String>> {
    let (address, provider) = (address.to_lowercase(), provider.to_lowercase());
    if address == provider {
        return Some(None);
    }
    let (registry, name) = address.split_once('/')?;
    let known = REGISTRIES.iter().position(|known| *known == registry)?;
    (name == provider || name.strip_prefix("hashicorp/") == Some(&provider))
        .then(|| Some(address.clone()).filter(|_| known > 0))
}

fn version(block: &Block, text: &str, file: &str, provider: &str) -> Result<Version, Failure> {
    let broken = |message: &str, span: Option<std::ops::Range<usize>>| {
        let at = LineIndex::new(text).at(span.map_or(0, |span| span.start));
        document::broken(format!("{message} of `{provider}`"), file, at)
    };
    let value = |key: &str| block.body.get_attribute(key).map(|attribute| &attribute.value);
    let version = value("version").ok_or_else(|| broken("there is no version", block.span()))?;
    let version = version.as_str().ok_or_else(|| broken("the version is not a text", version.span()))?;
    let hashes = value("hashes").and_then(|hashes| hashes.as_array()).into_iter().flatten();
    let digest = Version::digests(hashes.filter_map(|hash| hash.as_str()));
    Ok(Version { digest, ..Version::published(version) })
}
