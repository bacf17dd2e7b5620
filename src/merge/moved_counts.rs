//! Where the files of vanished directories went, counted: the majority decides where the directory went.

use super::differences::{PathMap, RepoPath, Vanished, split};
use super::git_hash_order::table_order;
use super::message::{Message, MessageKind};

/// From a vanished directory to the directories its files went to, with how many went there.
#[derive(Default)]
pub(super) struct MovedCounts(PathMap<Vec<(RepoPath, usize)>>);

impl MovedCounts {
    /// Counts one renamed file, for its directory and for those above as long as the ends of the paths agree.
    pub(super) fn count(&mut self, vanished: &PathMap<Vanished>, from: &[u8], to: &[u8]) {
        let (mut old, mut old_name) = split(from);
        let (mut new, mut new_name) = split(to);
        let mut first = true;
        loop {
            let Some(importance) = vanished.get(old).copied() else { return };
            if !first && old_name != new_name {
                return;
            }
            if first || importance == Vanished::ForSelf {
                let places = self.0.entry(RepoPath::from(old)).or_default();
                match places.iter_mut().find(|(place, _)| **place == *new) {
                    Some((_, count)) => *count += 1,
                    None => places.push((RepoPath::from(new), 1)),
                }
            }
            first = false;
            if importance == Vanished::Unimportant || old.is_empty() || new.is_empty() {
                return;
            }
            (old, old_name) = split(old);
            (new, new_name) = split(new);
        }
    }

    /// The likeliest new place of each directory.
    pub(super) fn guesses(&self) -> PathMap<RepoPath> {
        let best = |places: &[(RepoPath, usize)]| {
            let mut best: Option<&(RepoPath, usize)> = None;
            for at in table_order(places.iter().map(|(place, _)| &**place)) {
                if best.is_none_or(|best| places[at].1 > best.1) {
                    best = Some(&places[at]);
                }
            }
            best.map(|(place, _)| place.clone())
        };
        self.0.iter().filter_map(|(old, places)| Some((old.clone(), best(places)?))).collect()
    }

    /// Whether the majority cannot change any more, however `unknown` files turn out.
    pub(super) fn is_decided(&self, directory: &[u8], unknown: usize) -> bool {
        let Some(places) = self.0.get(directory) else { return false };
        let (mut first, mut second) = (0, 0);
        for (_, count) in places {
            if *count >= first {
                second = first;
                first = *count;
            } else if *count >= second {
                second = *count;
            }
        }
        first > second + unknown
    }

    /// Forgets directories whose new place does not matter.
    pub(super) fn keep_important(&mut self, vanished: &PathMap<Vanished>) {
        self.0.retain(|directory, _| vanished.get(directory).is_some_and(|value| *value != Vanished::Unimportant));
    }

    /// Each directory's new place by majority; without one, a conflict.
    pub(super) fn decide(&self, messages: &mut Vec<Message>) -> PathMap<RepoPath> {
        let mut decided = PathMap::default();
        for (old, places) in &self.0 {
            let most = places.iter().map(|(_, count)| *count).max().unwrap_or(0);
            let mut winners = places.iter().filter(|(_, count)| *count == most);
            match (winners.next(), winners.next()) {
                (Some((place, _)), None) => {
                    decided.insert(old.clone(), place.clone());
                }
                (Some(_), Some(_)) => messages.push(Message::new(MessageKind::DirectoryRenameSplit, [old.clone()])),
                _ => {}
            }
        }
        decided
    }
}
