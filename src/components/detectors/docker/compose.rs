//! The images that a compose file runs: <https://docs.docker.com/reference/compose-file/>.

use super::Named;
use super::variables::expand;
use crate::document::Node;

/// Every service's, in order. Values of variables come from the `.env` beside the file.
pub(super) fn images(root: &Node, env: &str) -> Vec<Named> {
    let value = |name: &str| env.lines().rev().find_map(|line| assigned(line, name));
    // The first format had neither a version nor a table of services: each stood by itself.
    let services = root
        .get("services")
        .map(|services| &**services)
        .or_else(|| Some(root).filter(|root| root.get("version").is_none()));
    let services = services.map(|services| services.entries()).unwrap_or_default();
    let images = services.iter().filter_map(|service| service.value.text("image"));
    images.map(|image| Named { resolved: expand(image, '$', &value), written: image.to_owned() }).collect()
}

/// The value of `NAME=value`.
fn assigned(line: &str, name: &str) -> Option<String> {
    let line = line.trim().trim_start_matches("export ");
    let value = line.split_once('=').filter(|(key, _)| key.trim() == name)?.1.trim();
    let quoted = |quote: char| value.strip_prefix(quote).and_then(|value| value.split(quote).next());
    let plain = || value.split(" #").next().unwrap_or_default().trim_end();
    Some(quoted('"').or_else(|| quoted('\'')).unwrap_or_else(plain).to_owned())
}
