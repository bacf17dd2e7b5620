//! Components as relwf.toml declares them.

use relwf::components::Component;

/// The component with these keys beside its name.
pub fn component(name: &str, keys: &str) -> Component {
    let text = format!("[[component]]\nname = \"{name}\"\n{keys}\n");
    let config = relwf::config::parse(&text, "relwf.toml", std::path::Path::new("/nowhere"));
    config.expect("the component is sound").components.remove(0)
}
