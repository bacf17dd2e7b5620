//! Components as relwf.toml declares them.

use relwf::components::Component;

/// The component with these keys beside its name.
pub fn component(name: &str, keys: &str) -> Component {
    let text = format!("[[component]]\nname = \"{name}\"\n{keys}\n");
    let config = relwf::config::parse(&text, "relwf.toml", std::path::Path::new("/nowhere"));
    config.expect("the component is sound").components.remove(0)
}

/// The key that names what a detector of a lock, an image or an action looks for.
pub fn name_key(word: &str) -> &'static str {
    match word {
        "gopkg" => "project",
        "go-mod" => "module",
        "gemfile-lock" => "gem",
        "docker" => "image",
        "helm" => "chart",
        "terraform-lock" => "provider",
        "actions" => "action",
        _ => "package",
    }
}
