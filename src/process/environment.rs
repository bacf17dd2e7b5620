//! Which variables of relwf's own environment are credentials, told by their names: programs that run others' code get none of them.

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
