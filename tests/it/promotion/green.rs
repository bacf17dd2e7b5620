//! The way it should go.

use super::stage::Stage;

#[test]
fn a_promotion_lands_by_push_what_was_tested() {
    let stage = Stage::new();
    let said = stage.promote();
    eprintln!("{}\n{}\n{}", said.stdout, said.stderr, stage.asked().join("\n"));
    said.exits(0);
}
