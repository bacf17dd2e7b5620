//! Which variables of relwf's own environment are credentials, told by their names: programs that run others' code get none of them.

use crate::model::keep_secret;

/// Parts of a name that make it one wherever they stand: `GITHUB_ACCESS_TOKEN`, `PGPASSWORD`.
const PARTS: [&str; 9] = ["TOKEN", "SECRET", "PASS", "CRED", "APIKEY", "WEBHOOK", "COOKIE", "BEARER", "USERPWD"];
/// Words that do, between underscores: `AWS_ACCESS_KEY_ID`, `AZURE_DEVOPS_PAT`, `SSH_AUTH_SOCK`, `MYSQL_PWD`.
const WORDS: [&str; 8] = ["KEY", "PAT", "AUTH", "JWT", "DSN", "NETRC", "KUBECONFIG", "PWD"];
/// Where the shell is and was.
const FOLDERS: [&str; 2] = ["PWD", "OLDPWD"];

/// Is a variable of this name a credential, or a way to one? `GIT_CONFIG_VALUE_0` and its like hold any of git's settings.
pub(crate) fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    name.starts_with("GIT_CONFIG_")
        || PARTS.iter().any(|part| name.contains(part))
        || !FOLDERS.contains(&&*name) && name.split('_').any(|word| WORDS.contains(&word))
}

/// The variables of relwf's own environment that a program must not see: those that look like credentials and those that hold secrets,
/// but for what it is given by name.
pub(crate) fn withheld(passed: &[String], secrets: &[String]) -> Vec<String> {
    // A proxy's login is part of the way to the network, which programs need.
    let is_proxy = |name: &str| name.to_ascii_lowercase().ends_with("_proxy");
    let hides = |name: &String, value: &str| {
        is_credential(name) || holds_login(value) && !is_proxy(name) || secrets.contains(name)
    };
    let shared = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let hidden = shared.filter(|(name, value)| hides(name, &value.to_string_lossy()) && !passed.contains(name));
    hidden.map(|(name, _)| name).collect()
}

/// Does a variable of this name decide which code a program runs: that of another loader, interpreter or folder?
pub(crate) fn replaces_code(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "PATH",
        "BASH_ENV",
        "ENV",
        "SHELLOPTS",
        "BASHOPTS",
        "PS4",
        "IFS",
        "PERL5OPT",
        "PERL5LIB",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "RUBYOPT",
        "NODE_OPTIONS",
        "JAVA_TOOL_OPTIONS",
    ];
    NAMES.contains(&name)
        || ["LD_", "DYLD_", "BASH_FUNC_", "GIT_SSH", "GIT_CONFIG", "GIT_EXEC_PATH", "GIT_ASKPASS", "GIT_EXTERNAL_DIFF"]
            .iter()
            .any(|family| name.starts_with(family))
}

/// Hides the credentials of relwf's own environment from everything that is written for others: what it starts may print them.
pub fn hide_own() {
    for (name, value) in std::env::vars_os() {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
        // Some name a file or a socket.
        if holds_login(value) || is_credential(name) && !name.starts_with("GIT_CONFIG_") && !value.starts_with('/') {
            keep_secret(value);
        }
    }
}

/// Lets no other process of the same user read this one's environment (`/proc/PID/environ`, proc(5)): what is withheld from a
/// program it could find there. Root can all the same, and elsewhere than on Linux others have other ways.
pub fn withhold_own() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "programs that relwf starts can read its environment");
    }
}

/// Does a value hold the login to a server, as in `postgres://user:password@host/`?
pub(crate) fn holds_login(value: &str) -> bool {
    let after = |(_, rest): (&str, &str)| {
        rest.split(['/', '?', '#']).next().is_some_and(|authority| {
            authority
                .rsplit_once('@')
                .is_some_and(|(login, _)| login.split_once(':').is_some_and(|(_, word)| !word.is_empty()))
        })
    };
    value.split_once("://").is_some_and(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_known_by_their_names_and_settings_are_none() {
        for name in [
            "GITHUB_ACCESS_TOKEN",
            "GH_TOKEN",
            "TRAVIS_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "PGPASSWORD",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "AZURE_DEVOPS_EXT_PAT",
            "SSH_AUTH_SOCK",
            "GIT_ASKPASS",
            "npm_config__auth",
            "GIT_CONFIG_VALUE_0",
            "MYSQL_PWD",
            "PGPASSFILE",
            "SLACK_WEBHOOK",
            "KUBECONFIG",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in
            ["PATH", "HOME", "LANG", "OUR_SETTING", "KEYBOARD", "AUTHOR", "GOPATH", "PWD", "OLDPWD", "http_proxy", "CI"]
        {
            assert!(!is_credential(name), "{name}");
        }
        for value in ["postgres://u:p@h/db", "redis://:pw@h", "http://u:p%40@proxy:3128"] {
            assert!(holds_login(value), "{value}");
        }
        for value in ["https://host/a@b:c", "ssh://git@host/x", "a:b@c", "https://host:443/"] {
            assert!(!holds_login(value), "{value}");
        }
    }
}
