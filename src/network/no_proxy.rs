//! Is a host in a `no_proxy` list? By curl's rules: names with everything below them, addresses, networks, `*`.

use std::net::IpAddr;

/// Is the host in the list? Its entries are names, which stand for everything below them too, addresses, and networks
/// (`10.0.0.0/8`); `*` alone is everything.
pub(super) fn names(list: &str, host: &str) -> bool {
    if list.trim() == "*" {
        return true;
    }
    let address: Option<IpAddr> = host.parse().ok();
    list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).any(|entry| match address {
        Some(address) => is_address(entry, address),
        None => {
            let entry = entry.trim_matches('.').to_ascii_lowercase();
            !entry.is_empty() && host.strip_suffix(&entry).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        }
    })
}

fn is_address(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = entry.split_once('/').map_or((entry, None), |(network, bits)| (network, Some(bits)));
    let network = network.trim_start_matches('[').trim_end_matches(']');
    let (Ok(network), bits) = (network.parse::<IpAddr>(), bits.map(str::parse::<u32>)) else { return false };
    let same = |ours: u128, theirs: u128, width: u32| match bits {
        None => ours == theirs,
        Some(Ok(0)) => true,
        Some(Ok(bits)) if bits <= width => (ours ^ theirs) >> (width - bits) == 0,
        Some(_) => false,
    };
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => same(network.to_bits().into(), address.to_bits().into(), 32),
        (IpAddr::V6(network), IpAddr::V6(address)) => same(network.to_bits(), address.to_bits(), 128),
        _ => false,
    }
}
