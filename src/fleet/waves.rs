//! Groups targets into waves by ring.

/// Targets of one ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave<T> {
    /// The ring, e.g. `canary`.
    pub ring: String,
    /// Its targets, in the inventory's order; never none.
    pub targets: Vec<T>,
}

/// Groups targets by ring. Waves follow the order in which `rings` first names them, which is the whole inventory's: targets
/// that are omitted (because they are up to date already) must not change it. Rings that `rings` does not name come last.
pub fn waves<'r, T>(
    rings: impl IntoIterator<Item = &'r str>,
    targets: impl IntoIterator<Item = T>,
    ring: impl Fn(&T) -> &str,
) -> Vec<Wave<T>> {
    let mut waves: Vec<Wave<T>> = Vec::new();
    let find = |waves: &mut Vec<Wave<T>>, name: &str| {
        waves.iter().position(|wave| wave.ring == name).unwrap_or_else(|| {
            waves.push(Wave { ring: name.to_owned(), targets: Vec::new() });
            waves.len() - 1
        })
    };
    for name in rings {
        find(&mut waves, name);
    }
    for target in targets {
        let position = find(&mut waves, ring(&target));
        if let Some(wave) = waves.get_mut(position) {
            wave.targets.push(target);
        }
    }
    waves.retain(|wave| !wave.targets.is_empty());
    waves
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waves_follow_the_order_in_which_rings_first_appear() {
        let inventory = [("a", "canary"), ("b", "rest"), ("c", "early"), ("d", "rest"), ("e", "canary")];
        let behind = [("b", "rest"), ("d", "rest"), ("e", "canary")];
        let waves = waves(inventory.map(|(_, ring)| ring), behind, |(_, ring)| ring);
        let waves: Vec<_> = waves.iter().map(|wave| (wave.ring.as_str(), wave.targets.as_slice())).collect();
        assert_eq!(waves, [("canary", &[("e", "canary")][..]), ("rest", &[("b", "rest"), ("d", "rest")][..])]);
    }

    proptest! {
        #[test]
        fn every_target_is_in_exactly_one_wave_of_its_ring(all in prop::collection::vec("[abc]", 0..30), skip in 0usize..5) {
            let targets: Vec<(usize, &str)> = all.iter().map(String::as_str).enumerate().skip(skip).collect();
            let waves = waves(all.iter().map(String::as_str), targets.clone(), |(_, ring)| ring);
            for wave in &waves {
                prop_assert!(!wave.targets.is_empty());
                prop_assert!(wave.targets.iter().all(|(_, ring)| *ring == wave.ring));
                prop_assert!(wave.targets.is_sorted());
            }
            let first = |ring: &str| all.iter().position(|name| name == ring);
            prop_assert!(waves.windows(2).all(|pair| first(&pair[0].ring) < first(&pair[1].ring)));
            let mut seen: Vec<_> = waves.into_iter().flat_map(|wave| wave.targets).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, targets);
        }
    }
}
