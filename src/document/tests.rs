//! Numbers keep their spelling, merge keys follow YAML, and an error names its place, whatever the language.

use super::*;

fn yaml(text: &str) -> Node {
    parse(text, Language::Yaml).unwrap()
}

fn spelled(node: &Node, path: &str) -> Option<String> {
    let path: KeyPath = path.parse().unwrap();
    path.find(node).and_then(Node::spelling).map(str::to_owned)
}

#[test]
fn numbers_keep_their_spelling_in_every_language() {
    assert_eq!(spelled(&yaml("go: 1.10\n"), "go").as_deref(), Some("1.10"));
    assert_eq!(spelled(&parse("go = 1.10", Language::Toml).unwrap(), "go").as_deref(), Some("1.10"));
    assert_eq!(
        spelled(&parse("{\"a\": [0, {\"go\": 1.10}]}", Language::Json).unwrap(), "a.1.go").as_deref(),
        Some("1.10")
    );
}

#[test]
fn merge_keys_give_way_to_keys_below_them_and_to_earlier_maps() {
    let node = yaml("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\nd:\n  <<: *b\n");
    let keys = ["c.x", "c.y", "c.z", "d.y", "d.z"].map(|key| spelled(&node, key).unwrap());
    assert_eq!(keys, ["3", "1", "2", "2", "2"]);
    let node = yaml("a: &a {x: 1}\nb:\n  x: 3\n  <<: *a\n");
    assert_eq!(spelled(&node, "b.x").as_deref(), Some("1"));
}

#[test]
fn mistakes_have_their_place() {
    let at = |text, language| parse(text, language).unwrap_err()[0].at;
    assert_eq!(at("a = 1\nä = \n", Language::Toml).line, 2);
    assert_eq!(at("a: 1\nb: [1, 2\nc: 3\n", Language::Yaml).line, 3);
    assert_eq!(at("{\n  \"a\": 1,\n  \"b\" 2\n}", Language::Json), At { line: 3, column: 7 });
    assert_eq!(at("a: &a [*a]\n", Language::Yaml).line, 1);
}

#[test]
fn values_have_their_place_in_characters() {
    let node = parse("[t]\nb = 2\n\"ä\" = { \"ö\" = 1, a = 2 }\n", Language::Toml).unwrap();
    let table = node.get("t").unwrap();
    let keys: Vec<_> = table.entries().iter().map(|entry| (entry.key.as_str(), entry.key_at)).collect();
    assert_eq!(keys, [("b", At { line: 2, column: 1 }), ("ä", At { line: 3, column: 1 })]);
    assert_eq!(table.get("ä").unwrap().get("a").unwrap().at, At { line: 3, column: 22 });
    let node = yaml("é: x\nü: [1, zwei]\n");
    assert_eq!(node.get("ü").unwrap().items()[1].at, At { line: 2, column: 8 });
    let node = parse("{\"é\": [true]}", Language::Json).unwrap();
    assert_eq!(node.get("é").unwrap().items()[0].at, At { line: 1, column: 8 });
}

#[test]
fn deep_and_exploding_texts_are_errors_or_cheap() {
    assert!(parse(&"[".repeat(5000), Language::Yaml).is_err());
    assert!(parse(&format!("{}1{}", "[".repeat(200), "]".repeat(200)), Language::Json).is_err());
    assert!(parse(&format!("a={}1{}", "[".repeat(5000), "]".repeat(5000)), Language::Toml).is_err());
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for level in 1..60 {
        bomb.push_str(&format!("a{level}: &a{level} [*a{0}, *a{0}, *a{0}]\n", level - 1));
    }
    assert_eq!(yaml(&bomb).entries().len(), 60);
    for level in 60..200_000 {
        bomb.push_str(&format!("a{level}: &a{level} [*a{0}]\n", level - 1));
    }
    assert!(parse(&bomb, Language::Yaml).is_err(), "dropping it would overflow the stack");
}

#[test]
fn keys_are_dotted_and_may_be_quoted() {
    let node = parse("[a.\"b.c\"]\nd = [\"x\"]", Language::Toml).unwrap();
    assert_eq!(spelled(&node, "a.\"b.c\".d.0").as_deref(), Some("x"));
    for bad in ["", ".", "a.", ".a", "a..b", "\"a", "\"a\"b"] {
        assert!(bad.parse::<KeyPath>().is_err(), "{bad:?} was accepted");
    }
}

#[test]
fn only_utf8_is_text_and_a_byte_order_mark_is_no_part_of_it() {
    assert_eq!(text(b"\xef\xbb\xbfa"), Ok("a"));
    assert_eq!(text(b"a\n\xc3\xa4\xff").unwrap_err().at, At { line: 2, column: 2 });
}
